"""Puts names into the quotes that they need and that the dialect has."""

import re

from tao_servers.text2sql.functions import scalar
from tao_servers.text2sql.identifiers import identifier
from tao_servers.text2sql.mending.pieces import Known, Piece, cut
from tao_servers.text2sql.schema import Dialect

__all__ = ["own_quotes"]

# What all four read as one word.
_WORD = re.compile(r"[A-Za-z_\u0080-\U0010ffff][A-Za-z0-9_$\u0080-\U0010ffff]*")
_CALL = re.compile(r"(\w+)\s*\(")
# Calls that the lists of functions leave to the parser.
_WITH_SYNTAX = frozenset({"case", "cast", "extract", "overlay", "position", "substring", "trim", "try_cast"})
_TABLE_NEXT = {"from", "join"}


def own_quotes(text: str, dialect: Dialect, known: Known) -> str:
    """The text with names quoted as the dialect does; the same text where they are."""
    pieces = cut(text, dialect, known.odd())
    told = [place for place, piece in enumerate(pieces) if not piece.is_blank]
    changed = [piece.text for piece in pieces]
    empty = Piece("space", "")
    for number, place in enumerate(told):
        before = pieces[told[number - 1]] if number else empty
        after = pieces[told[number + 1]] if number + 1 < len(told) else empty
        changed[place] = _quoted(pieces[place], before, after, dialect, known)
    return "".join(changed)


def _quoted(piece: Piece, before: Piece, after: Piece, dialect: Dialect, known: Known) -> str:
    is_table = before.word in _TABLE_NEXT
    dotted = before.text == "." or after.text == "."
    if piece.kind == "odd":
        return piece.text if _is_call(piece, dialect) else _odd(piece, is_table, dialect, known)
    if piece.kind == "backtick" and dialect in {"postgres", "duckdb"}:
        return _named(piece.inner, dialect, known)
    if piece.kind == "bracket" and dialect != "sqlite" and piece.inner in known:
        starts = (
            before.kind in {"sign", "word"} and before.text not in {")", "]"} and before.text not in known
        )
        return _named(piece.inner, dialect, known) if starts else piece.text
    if piece.kind == "double" and dialect == "mysql" and (dotted or is_table):
        return _named(piece.inner, dialect, known)
    if piece.kind == "word" and piece.text in known:
        alone = piece.word in {"group", "order"} and after.word != "by" and before.word != "within"
        reserved = identifier(piece.word, dialect) != piece.word
        if reserved and (before.text == "." or is_table or alone):
            return _named(piece.text, dialect, known)
    return piece.text


def _is_call(piece: Piece, dialect: Dialect) -> bool:
    """Whether it is what a view calls the column of a call, `count(*)`; `amount (USD)` is none."""
    call = _CALL.match(piece.text)
    return call is not None and call[1].lower() in scalar(dialect) | _WITH_SYNTAX


def _odd(piece: Piece, is_table: bool, dialect: Dialect, known: Known) -> str:
    first = re.match(r"\w+", piece.text)
    # `profit-loss` may be a difference, and `first name` a name and its alias.
    parted = first is not None and first[0] != piece.text and first[0] in known
    if _WORD.fullmatch(piece.text) or (parted and not is_table):
        return piece.text
    return _named(piece.text, dialect, known)


def _named(name: str, dialect: Dialect, known: Known) -> str:
    return identifier(known.real(name) or name, dialect)
