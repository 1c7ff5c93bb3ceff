"""Puts the day that a question counts from where a statement asks the database's clock."""

import datetime
from collections.abc import Iterator, Sequence

from tao_servers.text2sql.checking.lexing import Token, lex
from tao_servers.text2sql.errors import QueryRefused
from tao_servers.text2sql.mending.edits import Edit, applied
from tao_servers.text2sql.schema import Dialect

__all__ = ["on_day"]

_DAYS = frozenset({"current_date", "curdate", "today"})
_TIMES = frozenset({"current_timestamp", "localtimestamp", "now", "sysdate"})
# What is a function only; the others stand without brackets, too.
_CALLED = frozenset({"curdate", "today", "now", "sysdate"})
_OF_SQLITE = frozenset({"date", "time", "datetime", "julianday", "strftime", "unixepoch"})


def on_day(sql: str, dialect: Dialect, day: datetime.date) -> tuple[str, list[str]]:
    """The statement with `day` where it asks for today, and what was changed; as it is if unreadable."""
    try:
        plain, tokens = lex(sql, dialect)
    except QueryRefused:
        return sql, []
    edits = list(_edits(tokens, dialect, day))
    if not edits:
        return sql, []
    changed, notes = applied(plain, edits)
    return changed, list(dict.fromkeys(notes))


def _edits(tokens: Sequence[Token], dialect: Dialect, day: datetime.date) -> Iterator[Edit]:
    note = f"took {day} for today"
    functions: list[str] = []
    for place, token in enumerate(tokens):
        before = tokens[place - 1] if place else None
        if token.is_sign("("):
            functions.append(before.lowered if before else "")
        elif token.is_sign(")") and functions:
            functions.pop()
        elif token.kind == "text" and token.value.lower() == "'now'":
            if dialect == "sqlite" and functions and functions[-1] in _OF_SQLITE:
                yield Edit(token.start, token.end, f"'{day}'", note)
        elif token.lowered in _DAYS | _TIMES and not (before and before.is_sign(".")):
            closing = _closing(tokens, place)
            if closing is not None or token.lowered not in _CALLED:
                end = closing.end if closing else token.end
                yield Edit(token.start, end, _written(token.lowered, dialect, day), note)


def _closing(tokens: Sequence[Token], place: int) -> Token | None:
    """The bracket that ends a call without arguments."""
    after = tokens[place + 1 : place + 3]
    called = len(after) == 2 and after[0].is_sign("(") and after[1].is_sign(")")
    return after[1] if called else None


def _written(word: str, dialect: Dialect, day: datetime.date) -> str:
    if dialect == "sqlite":
        return f"'{day}'"
    return f"DATE '{day}'" if word in _DAYS else f"TIMESTAMP '{day} 00:00:00'"
