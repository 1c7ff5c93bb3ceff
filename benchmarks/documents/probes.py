"""Finds the strings that a file is known to hold in what was read of it."""

import re
from dataclasses import dataclass

__all__ = ["Found", "look"]

_WHITE = re.compile(r"\s+")
# White space, the marks that Markdown and tables add, and hyphens, which a line's end may have put there.
_LOOSE = re.compile(r"[\s|*#`_\u200b\u00ad-]+")


@dataclass(frozen=True, slots=True)
class Found:
    """How many probes there are, and those that were not found: strictly, loosely, nor in two pieces."""

    probes: int
    missed: tuple[str, ...]
    missed_loosely: tuple[str, ...]
    missed_in_pieces: tuple[str, ...]


def look(text: str, probes: list[str]) -> Found:
    """Look for each probe: strictly, any white space being one space, and loosely, all of it left out.

    In pieces: cut between two of its words, both halves stand in the text, as those of columns do.
    """
    strict, loose = _WHITE.sub(" ", text), _LOOSE.sub("", text)
    missed = tuple(probe for probe in probes if _WHITE.sub(" ", probe).strip() not in strict)
    loosely = tuple(probe for probe in missed if _LOOSE.sub("", probe) not in loose)
    return Found(len(probes), missed, loosely, tuple(probe for probe in loosely if not _halves(probe, loose)))


def _halves(probe: str, loose: str) -> bool:
    words = probe.split()
    cuts = range(1, len(words))
    return any(
        _LOOSE.sub("", "".join(half)) in loose and _LOOSE.sub("", "".join(rest)) in loose
        for half, rest in ((words[:at], words[at:]) for at in cuts)
    )
