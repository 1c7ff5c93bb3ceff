"""The work that every participant is given: a question, one tool, and the answer that the script ends with.

Only the standard library is imported here, since the interpreters of other projects import it too.
"""

__all__ = ["ANSWER", "INSTRUCTIONS", "MODEL", "QUESTION", "shop__lookup"]

ANSWER = "The last item costs 30 yuan."
INSTRUCTIONS = "Look every item up before you answer."
MODEL = "scripted"
QUESTION = "What does each item of the shop cost?"


def shop__lookup(item: str) -> str:
    """Look up what an item of the shop costs.

    Args:
        item: The name of the item.
    """
    return (
        f"{item} costs 30 yuan. It is in stock in three colours, weighs 250 grams and is sent on the next "
        "working day; whoever buys two of them gets the second one at half the price until the month ends."
    )
