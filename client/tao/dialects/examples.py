"""Few-shot examples: short runs that precede the real question as turns of the conversation.

As turns, and not as text inside the system prompt, they show a small model the form that it is to keep.
"""

import re
from collections.abc import Collection
from pathlib import Path

from tao.models.chat import Message
from tao_prompts import Language, PromptError, render

__all__ = ["examples"]

_PARTING = re.compile(r"^---$", re.MULTILINE)
_TURN = re.compile(r"^(user|assistant): ", re.MULTILINE)
_TOOL = re.compile(r"\b\w+?__\w+\b", re.ASCII)


def examples(
    prompt: str, language: Language, names: Collection[str], *, folder: Path | None
) -> list[Message]:
    """The turns of those examples in `prompt` whose tools are all in `names`.

    Examples are parted by lines of `---`, and a turn begins with `user: ` or `assistant: `. When no example
    fits, the last one is taken: it is there to show the form with any tools at all.

    Raises:
        PromptError: an example does not go from a user's turn to an assistant's.
    """
    runs = [run.strip() for run in _PARTING.split(render(prompt, language, {}, folder=folder))]
    fitting = [run for run in runs[:-1] if set(_TOOL.findall(run)) <= set(names)]
    return [turn for run in fitting or runs[-1:] for turn in _turns(run, prompt)]


def _turns(run: str, prompt: str) -> list[Message]:
    _, *pieces = _TURN.split(run)
    roles, texts = pieces[::2], pieces[1::2]
    if not roles or len(roles) % 2 or roles != ["user", "assistant"] * (len(roles) // 2):
        raise PromptError(f"An example in the prompt {prompt!r} must go user, assistant, and so on.")
    return [
        Message("user" if role == "user" else "assistant", text.strip())
        for role, text in zip(roles, texts, strict=True)
    ]
