"""Puts spaces where a keyword runs into a name, as it does between Chinese characters: `SELECT朝代`."""

import re
from itertools import pairwise

from tao_servers.text2sql.mending.pieces import HAN, Known, Piece, cut, joined
from tao_servers.text2sql.schema import Dialect

__all__ = ["apart"]

_KEYWORDS = (
    "select distinct from where and or group order by having limit join inner left right outer cross on as in"
    " not like between is union intersect except all case when then else end desc asc exists null with over"
)
_KEY = "(?:" + "|".join(sorted(_KEYWORDS.split(), key=len, reverse=True)) + ")"
_LEADING = re.compile(rf"({_KEY}+)(?=[{HAN}])", re.IGNORECASE)
_WITHIN = re.compile(rf"(?<=[{HAN}])({_KEY}+)(?=[{HAN}]|\Z)", re.IGNORECASE)
_SEVERAL = re.compile(_KEY, re.IGNORECASE)
# In capitals only: fromAirport is a name.
_BEFORE_NAME = re.compile(r"(SELECT|DISTINCT|FROM|WHERE|JOIN|HAVING)(\w+)")
_BEFORE_NUMBER = re.compile(r"(limit|offset|and|or|between|then|else)(\d+)", re.IGNORECASE)
_BY = re.compile(r"(group|order|partition)by", re.IGNORECASE)
_LONGEST = 200
_WORDS = frozenset((_KEYWORDS + " offset").split())


def apart(text: str, dialect: Dialect, known: Known) -> str:
    """The text with spaces round its keywords; the same text where they are there."""
    pieces = cut(text, dialect, known.odd())
    own = _declared(pieces)
    parts: list[str] = []
    before: Piece | None = None
    for piece in pieces:
        whole = not 1 < len(piece.word) < _LONGEST or piece.text in known or piece.word in own
        # A number may not run into a keyword.
        if piece.word in _WORDS and before is not None and before.kind == "number":
            parts.append(" ")
        parts.append(piece.text if whole else _spaced(piece.text, known))
        before = piece
    return "".join(parts) if joined(pieces) == text else text


def _declared(pieces: list[Piece]) -> set[str]:
    """The names that stand after AS: what they look like is the writer's affair."""
    told = [piece for piece in pieces if not piece.is_blank]
    return {after.word for one, after in pairwise(told) if one.word == "as"} - {""}


def _spaced(word: str, known: Known) -> str:
    number, by, name = _BEFORE_NUMBER.fullmatch(word), _BY.fullmatch(word), _BEFORE_NAME.fullmatch(word)
    if number:
        return f"{number[1]} {number[2]}"
    if by:
        return f"{by[1]} {word[-2:]}"
    if name and name[2] in known:
        return f"{name[1]} {name[2]}"
    if word.isascii():
        return word
    leading = _LEADING.match(word)
    start = f"{_keywords(leading[1])} " if leading else ""
    rest = word[leading.end() :] if leading else word
    if rest in known:
        return start + rest
    return start + _WITHIN.sub(lambda match: f" {_keywords(match[1])} ", rest).strip()


def _keywords(run: str) -> str:
    return " ".join(_SEVERAL.findall(run))
