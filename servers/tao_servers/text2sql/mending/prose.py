"""Takes a statement out of what a model wrote round it: fences, a heading, an explanation."""

import re
from itertools import pairwise

from tao_servers.text2sql.mending.pieces import HAN, Piece, cut, joined
from tao_servers.text2sql.schema import Dialect

__all__ = ["without_prose"]

_FENCED = re.compile(r"```[ \t]*[a-zA-Z]*[ \t]*\n?(.*?)(?:```|\Z)", re.DOTALL)
_START = re.compile(
    rf"(?<![\w'\"`])(?:select(?=[\s*({HAN}]|\Z)|with\s+(?:recursive\s+)?[^\s()]{{1,80}}\s+as\s*\()",
    re.IGNORECASE,
)
# A text that starts with one of these is a statement, if not one that is asked for.
_COMMAND_WORDS = """
    alter analyze attach begin call commit copy create delete desc describe do drop exec execute
    explain from grant insert install load merge pivot pragma rename replace reset revoke rollback
    savepoint select set show summarize table truncate unpivot update use vacuum values with
"""
_GOING_ON_WORDS = """
    and as asc between by case cross else end except exists fetch full group having in inner
    intersect is join left like limit natural not null offset on or order outer over partition
    qualify right then union using when where window
"""
_COMMANDS = frozenset(_COMMAND_WORDS.split())
_GOING_ON = _COMMANDS | frozenset(_GOING_ON_WORDS.split())


def without_prose(text: str, dialect: Dialect) -> str:
    """The statement alone; the same text where there is nothing round it."""
    fenced = next((match[1] for match in _FENCED.finditer(text) if match[1].strip()), None)
    alone = text if fenced is None else fenced
    first = re.match(r"\W*([^\W\d_]*)", alone)
    start = _START.search(alone)
    if start and not (first and (first[1].lower() in _COMMANDS or start.start() == first.start(1))):
        alone = alone[start.start() :]
    alone = _ended(cut(alone, dialect), alone)
    return text if alone.strip() == text.strip() else alone.strip()


def _ended(pieces: list[Piece], text: str) -> str:
    told = [place for place, piece in enumerate(pieces) if not piece.is_blank]
    for place, following in pairwise(told):
        piece, after = pieces[place], pieces[following]
        apart = any(_is_paragraph(one) for one in pieces[place + 1 : following])
        if (piece.text == ";" and not _is_command(after)) or (apart and _may_end(piece) and _is_prose(after)):
            return joined(pieces[: place + 1])
    return text


def _is_command(piece: Piece) -> bool:
    return piece.word in _COMMANDS or piece.word.startswith("select") or piece.text in {"(", ";"}


def _is_paragraph(piece: Piece) -> bool:
    return piece.kind == "space" and piece.text.count("\n") > 1


def _may_end(piece: Piece) -> bool:
    return piece.word not in _GOING_ON and (piece.kind != "sign" or piece.text == ")")


def _is_prose(piece: Piece) -> bool:
    started = any(
        piece.word.startswith(word) for word in ("select", "from", "where", "order", "group", "limit")
    )
    return piece.kind == "word" and not started and piece.word not in _GOING_ON
