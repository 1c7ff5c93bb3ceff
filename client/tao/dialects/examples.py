"""Chooses the few-shot examples that fit the tools at hand."""

import re
from collections.abc import Collection
from pathlib import Path

from tao_prompts import Language, render

__all__ = ["examples"]

_PARTING = re.compile(r"^---$", re.MULTILINE)
_TOOL = re.compile(r"\b\w+?__\w+\b", re.ASCII)


def examples(prompt: str, language: Language, names: Collection[str], *, folder: Path | None) -> str:
    """The examples of `prompt` (parted by `---` lines) whose tools are all in `names`.

    When none fits, the last one, which the prompt's author writes to show the form with any tools at all.
    """
    parts = [part.strip() for part in _PARTING.split(render(prompt, language, {}, folder=folder))]
    fitting = [part for part in parts[:-1] if set(_TOOL.findall(part)) <= set(names)]
    return "\n\n".join(fitting or parts[-1:])
