"""Runs one statement, and takes of its rows what the limits allow."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from psycopg.pq.abc import PGresult

from tao_servers.text2sql.engines.postgres.session import Session
from tao_servers.text2sql.engines.postgres.values import BYTES, Value, is_short, row_of
from tao_servers.text2sql.engines.postgres.wording import kind_of, without_semicolon
from tao_servers.text2sql.errors import QueryFailed, QueryRefused
from tao_servers.text2sql.limits import Limits, Rows, Taker

__all__ = ["check_text", "run"]

_CURSOR = "tao"
_FIRST_BATCH = 16
_LARGEST_BATCH = 1_000
_BYTES_OF_A_BATCH = 1_000_000
# Room for what is said about a value that was cut on the server.
_NOTE = 40


def run(session: Session, sql: str, limits: Limits) -> Rows:
    """Run one SELECT, WITH, VALUES or TABLE through a cursor; EXPLAIN and SHOW, which are short, without.

    Raises:
        QueryRefused: it is neither.
        QueryFailed: it has characters that PostgreSQL cannot take, or too many columns.
    """
    check_text(sql)
    kind = kind_of(sql)
    if kind == "other":
        raise QueryRefused(
            "Only SELECT, WITH, VALUES, TABLE, EXPLAIN and SHOW can be run here, one at a time.",
            rule="engine",
        )
    described = session.describe(sql)
    taker = _taker(described, limits)
    if kind == "report":
        result = session.execute(sql)
        _take_all(taker, (_plain(result, row) for row in range(result.ntuples)))
        return taker.rows()
    columns = [_column(described, number, limits.max_cell) for number in range(described.nfields)]
    # The server refuses a cursor for whatever writes.
    session.execute(f"DECLARE {_CURSOR} NO SCROLL CURSOR FOR {_cut_by_the_server(sql, columns)}")
    _take_all(taker, _rows(session, columns, limits.max_rows + 1))
    return taker.rows()


def check_text(sql: str) -> None:
    """See that the whole statement reaches the server.

    Raises:
        QueryFailed: it has a character NUL, where libpq would end it, or half a surrogate pair.
    """
    if "\x00" in sql:
        raise QueryFailed("The statement has a NUL character. Leave it out.")
    try:
        sql.encode()
    except UnicodeEncodeError as exc:
        raise QueryFailed("The statement has half a character (a lone surrogate). Leave it out.") from exc


@dataclass(frozen=True, slots=True)
class _Column:
    """What of a column is asked for, and how its cell is made of that."""

    selected: tuple[str, ...]
    cell: Callable[[list[Value]], Value]


def _column(described: PGresult, number: int, longest: int) -> _Column:
    name = f"i.c{number}"
    if described.ftype(number) == BYTES:
        return _Column((f"pg_catalog.octet_length({name})",), _size_of_bytes)
    if is_short(described.ftype(number), described.fmod(number), longest):
        return _Column((name,), _first)
    text = f"{name}::pg_catalog.text"
    beginning = f'pg_catalog."left"({text}, {longest})'
    return _Column((beginning, f"pg_catalog.char_length({text})"), _cut)


def _cut_by_the_server(sql: str, columns: list[_Column]) -> str:
    """The statement, with long values cut before they are sent: libpq takes a row of 1 GB as it comes.

    That the server parsed it alone says that no parenthesis in it can close ours.
    """
    if all(column.cell is _first for column in columns):
        return sql
    names = ", ".join(f"c{number}" for number in range(len(columns)))
    selected = ", ".join(part for column in columns for part in column.selected)
    # OFFSET 0 has each value computed once, though it is named twice.
    inner = f"SELECT * FROM (\n{without_semicolon(sql)}\n) AS j({names}) OFFSET 0"
    return f"SELECT {selected} FROM ({inner}) AS i"


def _rows(session: Session, columns: list[_Column], wanted: int) -> Iterator[list[Value]]:
    size = _FIRST_BATCH
    while wanted > 0:
        size = min(size, wanted)
        result = session.execute(f"FETCH FORWARD {size} FROM {_CURSOR}")
        types = [result.ftype(column) for column in range(result.nfields)]
        for row in range(result.ntuples):
            yield _row(row_of(result, row, types), columns)
        if result.ntuples < size:
            return
        wanted -= size
        bytes_a_row = sum(map(len, _raw(result))) // size + 1
        size = max(1, min(_LARGEST_BATCH, _BYTES_OF_A_BATCH // bytes_a_row))


def _raw(result: PGresult) -> Iterator[bytes]:
    for row in range(result.ntuples):
        for column in range(result.nfields):
            yield result.get_value(row, column) or b""


def _row(values: list[Value], columns: list[_Column]) -> list[Value]:
    cells, position = [], 0
    for column in columns:
        end = position + len(column.selected)
        cells.append(column.cell(values[position:end]))
        position = end
    return cells


def _first(values: list[Value]) -> Value:
    return values[0]


def _size_of_bytes(values: list[Value]) -> Value:
    return None if values[0] is None else f"<{values[0]} bytes>"


def _cut(values: list[Value]) -> Value:
    text, length = values
    if not isinstance(text, str) or not isinstance(length, int) or length <= len(text):
        return text
    return f"{text}… ({length:,} characters)"


def _plain(result: PGresult, row: int) -> list[Value]:
    return row_of(result, row, [result.ftype(column) for column in range(result.nfields)])


def _take_all(taker: Taker, rows: Iterator[list[Value]]) -> None:
    for row in rows:
        if not taker.take(row):
            return


def _taker(described: PGresult, limits: Limits) -> Taker:
    names = [
        (described.fname(number) or b"").decode("utf-8", "replace") for number in range(described.nfields)
    ]
    try:
        return Taker(names, replace(limits, max_cell=limits.max_cell + _NOTE))
    except ValueError as exc:
        raise QueryFailed(str(exc)) from exc
