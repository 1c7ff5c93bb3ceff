"""Writes the signs of Chinese typing as SQL has them, outside of quotes and of names that have them."""

import unicodedata

from tao_servers.text2sql.identifiers import identifier
from tao_servers.text2sql.mending.pieces import Known, Piece, cut
from tao_servers.text2sql.schema import Dialect

__all__ = ["plain_signs"]

_SIGNS = {
    **{"（": "(", "）": ")", "，": ",", "、": ",", "；": ";", "＝": "=", "＞": ">", "＜": "<"},
    **{"＊": "*", "／": "/", "＋": "+", "－": "-", "％": "%", "！": "!", "．": "."},
    **{"≠": "!=", "≥": ">=", "≤": "<=", "×": "*", "÷": "/"},
}

_COMPARING = {"=", "==", "!=", "<", ">", "like", "ilike", "glob"}


def plain_signs(text: str, dialect: Dialect, known: Known) -> str:
    """The text with ASCII signs and quotes; the same text where it has them already."""
    pieces = cut(text, dialect, known.odd())
    last = next((piece for piece in reversed(pieces) if piece.kind != "space"), None)
    changed = []
    before = ""
    for piece in pieces:
        changed.append(
            _unquoted(piece, before, dialect, known)
            if piece.kind == "curly_double"
            else _plain(piece, dialect, known, piece is last)
        )
        before = before if piece.is_blank else changed[-1].lower()
    return "".join(changed)


def _unquoted(piece: Piece, before: str, dialect: Dialect, known: Known) -> str:
    """What stands in curly quotes: a name where it is one, but not after a sign that compares it."""
    real = known.real(piece.inner)
    if real is None or before in _COMPARING:
        return "'" + piece.inner.replace("'", "''") + "'"
    # SQLite takes a name in double quotes for text where no column is called so.
    return f'"{piece.inner}"' if dialect == "sqlite" else identifier(real, dialect)


def _plain(piece: Piece, dialect: Dialect, known: Known, is_last: bool) -> str:
    if piece.kind == "curly":
        return f"'{piece.inner}'"
    if piece.kind == "space":
        # Databases take all but these for letters.
        return "".join(character if character in " \t\r\n" else " " for character in piece.text)
    if piece.kind == "word":
        wide = any("\uff10" <= character <= "\uff5a" for character in piece.text)
        return unicodedata.normalize("NFKC", piece.text) if wide and piece.text not in known else piece.text
    return _sign(piece.text, dialect, is_last) if piece.kind == "sign" else piece.text


def _sign(sign: str, dialect: Dialect, is_last: bool) -> str:
    if sign == "==" and dialect in {"postgres", "mysql"}:
        return "="
    if sign == "\u3002" and is_last:
        return ""
    if unicodedata.category(sign[0]) == "Cf":
        return ""
    return _SIGNS.get(sign, sign)
