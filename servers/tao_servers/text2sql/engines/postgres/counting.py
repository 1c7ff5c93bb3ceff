"""Counts the rows of tables that were never analyzed, as far as two seconds go."""

from dataclasses import replace

from tao_servers.text2sql.engines.postgres.pool import Pool
from tao_servers.text2sql.engines.postgres.session import Session
from tao_servers.text2sql.errors import Text2sqlError
from tao_servers.text2sql.schema import Table
from tao_servers.text2sql.stopping import Stop

__all__ = ["counted"]

_SECONDS = 2.0


def counted(pool: Pool, tables: list[Table], home: str, stop: Stop) -> list[Table]:
    """The tables, with rows where the server had no estimate; those stay None for which the time is over."""
    names = {
        number: f"{_quoted(table.schema or home)}.{_quoted(table.name)}"
        for number, table in enumerate(tables)
        if table.rows is None and not table.is_view
    }
    found = list(tables)
    try:
        with pool.reading(_SECONDS, stop) as session:
            for number in _smallest_first(session, names):
                ((rows,),) = session.rows(f"SELECT count(*) FROM {names[number]}")
                found[number] = replace(tables[number], rows=int(str(rows)))
    except Text2sqlError:
        # The time is over, or a foreign table cannot be reached; None says so.
        return found
    return found


def _smallest_first(session: Session, names: dict[int, str]) -> list[int]:
    """The numbers; partitioned and foreign tables, whose size is not known, come last."""
    sizes = {
        number: int(str(session.rows("SELECT pg_catalog.pg_table_size($1::regclass)", (name,))[0][0]))
        for number, name in names.items()
    }
    return sorted(sizes, key=lambda number: (sizes[number] == 0, sizes[number]))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
