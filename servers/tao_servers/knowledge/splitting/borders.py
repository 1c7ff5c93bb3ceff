"""Where a text may be cut, and how well: paragraphs, lines, sentences, clauses, words, characters."""

import re
from collections.abc import Iterator
from enum import IntEnum
from unicodedata import category, east_asian_width

__all__ = ["Rank", "borders", "last_gap", "next_gap"]


class Rank(IntEnum):
    """How good a place is to cut at; the ranks up to `TIED` keep apart what belongs together."""

    TIED = 0
    CELL = 1
    WORD = 2
    CLAUSE = 3
    ROW = 4
    WRAP = 5
    SENTENCE = 6
    LINE = 7
    PARAGRAPH = 8
    HEADING = 9


# What closes a quotation or a bracket belongs to the sentence before it; what opens one does not.
_CLOSERS = "”’」』）】》〉〕｝］)\\]}\"'»"
_BORDER = re.compile(
    rf"""
    (?P<PARAGRAPH>\n(?:[^\S\n]*+\n)++)
    |(?P<LINE>\n)
    |(?P<SENTENCE>(?:
        [。！？｡；…]++[!?。！？…]*+[{_CLOSERS}]*+
        |(?<![!?])[!?]++[{_CLOSERS}]*+(?=\s|[^\x00-\x7f]|\Z)
        |(?<!\.)(?P<stop>\.)++[{_CLOSERS}]*+(?=\s)
    )[^\S\n]*+)
    |(?P<CLAUSE>(?:[，、：]++[{_CLOSERS}]*+|—{{2}}|[,;:][{_CLOSERS}]*+(?=\s))[^\S\n]*+)
    |(?P<WORD>[^\S\n]++)
    """,
    re.VERBOSE,
)
# A line shorter than this was ended by its writer, a longer one perhaps by the width of a window.
_SHORT = 30
_ENDS = frozenset("。！？｡；…!?.:：;”’」』）】》)]}\"'|")
_LOOK_BACK = 12
# Written with a stop in the middle of a sentence: titles, numbers of things, Latin.
_ABBREVIATED = re.compile(
    r"(?:al|approx|art|ca|cf|ch|co|corp|dept|dr|eds?|e\.g|eq|etc|figs?|gen|gov|i\.e|inc|jr|ltd?|m[rs]s?|nos?|"
    r"op|pp?|prof|ref|rev|sec|sen|sr|st|vol|vs)",
    re.IGNORECASE,
)
_WORD_BEFORE = re.compile(r"[\w.]*\Z")
_JOINERS = frozenset("\u200d\u2060\ufeff")


def borders(text: str, start: int, limit: int) -> Iterator[tuple[int, Rank]]:
    """The places after `start` up to `limit` where the text may be cut, ascending."""
    line = start
    # A little more is looked at, so that a quotation mark after the limit still counts as the sentence's.
    for match in _BORDER.finditer(text, start, min(len(text), limit + _LOOK_BACK)):
        at = match.end()
        if at > limit:
            return
        rank = Rank[match.lastgroup or "WORD"]
        if rank is Rank.LINE:
            rank, line = _line_end(text, line, match.start()), at
        elif rank is Rank.PARAGRAPH:
            line = at
        elif rank is Rank.SENTENCE and match["stop"] and not _is_stop(text, match.start(), at):
            rank = Rank.WORD
        if at > start:
            yield at, rank


def last_gap(text: str, start: int, limit: int) -> int:
    """The last place up to `limit` that cuts no word, else no character that is seen as one."""
    least = start + max(1, (limit - start) // 2)
    for at in range(limit, least - 1, -1):
        if _is_gap(text, at):
            return at
    for at in range(limit, least - 1, -1):
        if not _is_joined(text, at):
            return at
    return limit


def next_gap(text: str, start: int, limit: int) -> int:
    """The first place from `start` that cuts no word, or `limit`."""
    return next((at for at in range(start, limit) if _is_gap(text, at)), limit)


def _line_end(text: str, line: int, end: int) -> Rank:
    last = text[max(line, end - _LOOK_BACK) : end].rstrip()[-1:]
    return Rank.LINE if end - line < _SHORT or last in _ENDS else Rank.WRAP


def _is_stop(text: str, dot: int, after: int) -> bool:
    if text[after : after + 1].islower():
        return False
    found = _WORD_BEFORE.search(text, max(0, dot - _LOOK_BACK), dot)
    word = found[0] if found else ""
    initial = len(word) == 1 and word.isalpha()
    # `1.` at the start of a line counts an item.
    number = word.isdigit() and text[max(0, dot - len(word) - 1) : dot - len(word)] in {"", "\n"}
    return not (initial or number or _ABBREVIATED.fullmatch(word))


def _is_gap(text: str, at: int) -> bool:
    if at >= len(text):
        return True
    before, after = text[at - 1], text[at]
    apart = before.isspace() or after.isspace() or "W" in (east_asian_width(before), east_asian_width(after))
    return apart and not _is_joined(text, at)


def _is_joined(text: str, at: int) -> bool:
    """Whether the characters on both sides are seen as one, roughly as in UAX #29."""
    if at >= len(text):
        return False
    before, after = text[at - 1], text[at]
    modifies = category(after)[0] == "M" or "\U0001f3fb" <= after <= "\U0001f3ff"
    flags = "\U0001f1e6" <= before <= "\U0001f1ff" and "\U0001f1e6" <= after <= "\U0001f1ff"
    return modifies or flags or before in _JOINERS or after in _JOINERS
