"""Loads a prompt and fills in its placeholders; a missing or an unknown one is an error."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from string import Template

from tao_prompts.language import Language

__all__ = ["PromptError", "render", "sections"]

_BUILT_IN = Path(__file__).parent


class PromptError(ValueError):
    """A prompt file is missing or its placeholders do not fit."""


@lru_cache(maxsize=64)
def _read(path: Path) -> Template:
    try:
        return Template(path.read_text(encoding="utf-8-sig").strip())
    except (OSError, UnicodeDecodeError) as exc:
        raise PromptError(f"The prompt {str(path)!r} cannot be read: {exc}") from exc


def render(name: str, language: Language, values: Mapping[str, str], *, folder: Path | None = None) -> str:
    """Fill the prompt `name` (such as `"agent/schema"`) in `language`.

    A file of the same relative path in `folder` (`agent/schema.zh.md`) replaces the built-in one. A
    placeholder is `$name`; a dollar sign itself is `$$`.

    Raises:
        PromptError: the file is missing, or its placeholders are not exactly the keys of `values`.
    """
    relative = f"{name}.{language}.md"
    own = folder / relative if folder else None
    path = own if own is not None and own.is_file() else _BUILT_IN / relative
    template = _read(path)
    if not template.is_valid():
        raise PromptError(f"The prompt {str(path)!r} has a lone '$': write '$$'.")
    wanted, given = set(template.get_identifiers()), set(values)
    if wanted != given:
        raise PromptError(
            f"The prompt {str(path)!r} has the placeholders {sorted(wanted)}, not {sorted(given)}."
        )
    return template.substitute(values)


def sections(name: str, language: Language) -> dict[str, Template]:
    """The parts of the built-in prompt `name`, by their headings, which begin with `## `.

    Raises:
        PromptError: the file is missing, or a placeholder in it is none.
    """
    path = _BUILT_IN / f"{name}.{language}.md"
    template = _read(path)
    if not template.is_valid():
        raise PromptError(f"The prompt {str(path)!r} has a lone '$': write '$$'.")
    parts = (part.partition("\n") for part in template.template.split("## ") if part)
    return {heading.strip(): Template(body.strip()) for heading, _, body in parts}
