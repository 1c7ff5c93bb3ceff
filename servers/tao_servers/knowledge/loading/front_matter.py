"""What a text says of itself before it begins: the block that site generators read."""

import re
import tomllib
from dataclasses import dataclass
from typing import Any

import yaml  # type: ignore[import-untyped, unused-ignore]

__all__ = ["FrontMatter", "front_matter"]

_BLOCK = re.compile(r"(---|\+\+\+)[ \t]*\n(.{0,20000}?)\n\1[ \t]*(?:\n|\Z)", re.DOTALL)
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What is known by it; the text proper begins at the character `end`."""

    end: int = 0
    title: str | None = None
    author: str | None = None
    date: str | None = None


def front_matter(text: str) -> FrontMatter:
    """The front matter of `text`, in YAML or TOML; without any, all is empty."""
    match = _BLOCK.match(text)
    values = _values(match[1], match[2]) if match else None
    if match is None or not isinstance(values, dict):
        return FrontMatter()
    fields = {str(key).lower(): _line(value) for key, value in values.items()}
    day = _ISO_DATE.match(fields.get("date") or "")
    return FrontMatter(match.end(), fields.get("title"), fields.get("author"), day[0] if day else None)


def _values(fence: str, block: str) -> Any:
    try:
        return tomllib.loads(block) if fence == "+++" else yaml.safe_load(block)
    except (ValueError, yaml.YAMLError, RecursionError):
        # A text may begin with a rule and have another one below it.
        return None


def _line(value: object) -> str | None:
    # Aliases let a few lines of YAML stand for gigabytes, so that only plain values are put into words.
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value[:10]):
        value = ", ".join(value[:10])
    if isinstance(value, dict | list | tuple | set) or value is None:
        return None
    return " ".join(str(value).split())[:500] or None
