"""The messages before the question: the system prompt, then examples as turns of the conversation.

As turns, and not as text inside the system prompt, examples show a small model the form that it is to keep.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from tao.dialects.signatures import signatures
from tao.models.chat import Message
from tao.toolbox.tool import ToolSpec
from tao_prompts import Language, PromptError, render

__all__ = ["opening"]

_PARTING = re.compile(r"^---$", re.MULTILINE)
_TURN = re.compile(r"^(user|assistant): ", re.MULTILINE)
_TOOL = re.compile(r"\b\w+?__\w+\b", re.ASCII)


def opening(
    prompt: str, tools: Sequence[ToolSpec], language: Language, now: str, *, folder: Path | None
) -> list[Message]:
    """Role, tools, output rules and date as the system prompt, then the examples that fit the tools.

    The examples stand in `PROMPT.examples`, parted by lines of `---`; a turn begins with `user: ` or
    `assistant: `. Those are taken whose tools are all there; when none fits, the last one, which shows the
    form with any tools at all.

    What the agent itself can do is explained where it is offered, and needs no line here.

    Raises:
        PromptError: a prompt lacks a placeholder, or an example does not go from user to assistant.
    """
    offered = [tool for tool in tools if "__" in tool.name]
    system = render(prompt, language, {"tools": signatures(offered), "now": now}, folder=folder)
    runs = [run.strip() for run in _PARTING.split(render(f"{prompt}.examples", language, {}, folder=folder))]
    names = {tool.name for tool in tools}
    fitting = [run for run in runs[:-1] if names >= set(_TOOL.findall(run))]
    shown = [turn for run in fitting or runs[-1:] for turn in _turns(run, prompt)]
    return [Message("system", system), *shown]


def _turns(run: str, prompt: str) -> list[Message]:
    _, *pieces = _TURN.split(run)
    roles, texts = pieces[::2], pieces[1::2]
    if not roles or len(roles) % 2 or roles != ["user", "assistant"] * (len(roles) // 2):
        raise PromptError(f"An example in the prompt {prompt!r} must go user, assistant, and so on.")
    return [
        Message("user" if role == "user" else "assistant", text.strip())
        for role, text in zip(roles, texts, strict=True)
    ]
