"""Puts names, comments and values on one line of a text, so that none can look like another line of it."""

import unicodedata

__all__ = ["can_be_shown", "one_line"]

# Controls, what turns the direction of writing or is not seen at all, and halves of characters.
_UNSEEN = frozenset({"Cc", "Cf", "Cs"})
_ENDING_LINES = frozenset({"Zl", "Zp"})
# Arabic, Indic scripts and emoji are spelt with these two.
_JOINERS = "\u200c\u200d"


def one_line(text: str, longest: int | None = None) -> str:
    """`text` with single spaces, and \ufffd for each character that is not seen; cut to `longest`."""
    if longest is not None:
        text = text[: 4 * longest]
    line = " ".join(text.split())
    if not line.isprintable():
        line = "".join("\ufffd" if _is_unseen(char) else char for char in line)
    return line if longest is None or len(line) <= longest else f"{line[: longest - 1]}…"


def can_be_shown(text: str) -> bool:
    """Whether a text stands on one line as it is, with every character seen."""
    return not any(_is_unseen(char) or unicodedata.category(char) in _ENDING_LINES for char in text)


def _is_unseen(char: str) -> bool:
    return unicodedata.category(char) in _UNSEEN and char not in _JOINERS
