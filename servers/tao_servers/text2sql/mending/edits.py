"""Changes to a text at its places, so that all else in it stays as it was written."""

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Edit", "applied"]


@dataclass(frozen=True, slots=True)
class Edit:
    """`text` instead of what stands from `start` to `end`, the end exclusive; `note` says so in words."""

    start: int
    end: int
    text: str
    note: str = ""


def applied(text: str, edits: Iterable[Edit]) -> tuple[str, list[str]]:
    """The text with the edits made, and their notes; of two that overlap only the first is made."""
    parts: list[str] = []
    notes: list[str] = []
    place = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if edit.start >= place:
            parts += text[place : edit.start], edit.text
            place = edit.end
            notes += [edit.note] if edit.note else []
    return "".join((*parts, text[place:])), notes
