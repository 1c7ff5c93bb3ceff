"""Cuts text that may not be SQL yet into words, signs and what stands in quotes, and loses nothing of it."""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from tao_servers.text2sql.schema import Dialect, Schema

__all__ = ["HAN", "Known", "Piece", "cut", "joined"]

HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_PLAIN = re.compile(r"[^\W\d]\w*")
_TEXT = r"[A-Za-z]?'(?:[^']|'')*'"
_PARTS = {
    "comment": r"--[^\n]*|/\*(?:[^*/]|\*(?!/)|/(?!\*))*\*/",
    "text": _TEXT + r"|\$(?P<tag>[A-Za-z_]{0,20})\$.{0,2000}?\$(?P=tag)\$",
    "double": r'"(?:[^"]|"")*"',
    "backtick": r"`(?:[^`]|``)*`",
    "curly": "[\u2018\u2019\uff07][^\u2018\u2019\uff07']*[\u2018\u2019\uff07]",
    "curly_double": '[\u201c\u201d\uff02][^\u201c\u201d\uff02"]*[\u201c\u201d\uff02]',
    "bracket": r"\[[^\[\]'\",\n]{1,80}\]",
}
_REST = {
    "number": r"\d+(?:\.\d+)?(?:[eE][+-]?\d+(?!\w))?",
    "word": r"[^\W\d][\w$]*",
    "space": r"\s+",
    "sign": r"==|.",
}
_MYSQL = {"text": r"[A-Za-z]?'(?:[^'\\]|\\.|'')*'", "double": r'"(?:[^"\\]|\\.|"")*"'}


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the text; `kind` is one of the names above, or `odd` for a name that needs quotes."""

    kind: str
    text: str

    @property
    def word(self) -> str:
        """The text in lower case when it is a word, else empty."""
        return self.text.lower() if self.kind == "word" else ""

    @property
    def inner(self) -> str:
        """What stands in the quotes."""
        return self.text[1:-1]

    @property
    def is_blank(self) -> bool:
        """Whether it says nothing."""
        return self.kind in {"space", "comment"}


class Known:
    """The names of a schema that a text could mean, looked up whatever their case."""

    def __init__(self, schema: Schema, text: str) -> None:
        lowered = text.lower()
        tables = ((table.name, *(column.name for column in table.columns)) for table in schema.tables)
        names = dict.fromkeys(name for group in tables for name in group)
        self._names = {name.lower(): name for name in names if name.lower() in lowered}

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._names

    def real(self, name: str) -> str | None:
        """The name as the schema has it."""
        return self._names.get(name.lower())

    def odd(self) -> list[str]:
        """The names that have more than letters and digits, the longest first."""
        return sorted((name for name in self._names if not _PLAIN.fullmatch(name)), key=len, reverse=True)


def cut(text: str, dialect: Dialect, odd: Collection[str] = ()) -> list[Piece]:
    """The pieces of the text; `odd` are names that are one piece though they look like several."""
    parts = {**_PARTS, **(_MYSQL if dialect == "mysql" else {})}
    if odd:
        parts["odd"] = rf"(?<!\w)(?i:{'|'.join(map(re.escape, odd))})(?!\w)"
    parts |= _REST
    pattern = re.compile("|".join(f"(?P<{name}>{part})" for name, part in parts.items()), re.DOTALL)
    return [Piece(match.lastgroup or "sign", match.group()) for match in pattern.finditer(text)]


def joined(pieces: Iterable[Piece], change: Callable[[Piece], str] | None = None) -> str:
    """The text of the pieces."""
    return "".join(change(piece) if change else piece.text for piece in pieces)
