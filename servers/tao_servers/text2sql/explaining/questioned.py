"""Compares the texts in a statement with those in the question: one dropped, or one that nobody asked for."""

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from tao_servers.chinese import name_key

if TYPE_CHECKING:
    from tao_servers.text2sql.answering.task import Task
    from tao_servers.text2sql.linking import ValueMatch

__all__ = ["dropped", "unasked"]

_SURE = 0.95
_MOST = 2
_SHORTEST = 2


def dropped(task: "Task", texts: Collection[str], sql: str) -> list["ValueMatch"]:
    """Values that the question names as they are stored, and that the statement has in none of its `texts`.

    A word that names a table or a column that the statement has is taken for that name.
    """
    looked_for, written = list(map(name_key, texts)), name_key(sql)
    there: set[str] = set()
    sure: dict[str, ValueMatch] = {}
    for match in task.link.values:
        words, value = name_key(match.words), name_key(match.value)
        if words in written or any(_overlap(one, text) for one in (words, value) for text in looked_for):
            there.add(words)
        elif match.score >= _SURE and len(words) >= _SHORTEST and not words.isdecimal():
            sure.setdefault(words, match)
    missing = {words: match for words, match in sure.items() if words not in there}
    longest = [words for words in missing if not any(words in one and words != one for one in sure)]
    return [missing[words] for words in longest[:_MOST]]


def unasked(task: "Task", texts: Collection[str]) -> Iterator[str]:
    """Texts that the statement looks for, and that neither the question nor what linking made of it has."""
    known = [name_key(task.question), name_key(task.notes)]
    known += [name_key(text) for match in task.link.values for text in (match.value, match.words)]
    for text in texts:
        key = name_key(text.strip("%_ "))
        if any(sign.isalpha() for sign in key) and not any(key in one for one in known):
            yield text


def _overlap(one: str, other: str) -> bool:
    return bool(one) and bool(other) and (one in other or other in one)
