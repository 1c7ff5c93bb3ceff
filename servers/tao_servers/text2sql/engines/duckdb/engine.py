"""DuckDB behind the protocol of all engines."""

import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tao_servers.text2sql.database import Database
from tao_servers.text2sql.engines.duckdb.address import DataFiles, locate, stamp_of
from tao_servers.text2sql.engines.duckdb.cache import cached
from tao_servers.text2sql.engines.duckdb.reading import PLANNING_SECONDS
from tao_servers.text2sql.engines.duckdb.workers import Workers
from tao_servers.text2sql.errors import SetupError
from tao_servers.text2sql.limits import Limits, Rows
from tao_servers.text2sql.schema import Column, Dialect, Table
from tao_servers.text2sql.stopping import Stop, holding

__all__ = ["DuckdbEngine"]

_SECONDS = 30.0


class DuckdbEngine:
    """A DuckDB file, or files of data as the tables of one, read in processes of their own.

    The database is open only while it is asked something, so that its owner can write to it in between. Files
    of data are turned into a DuckDB file in `cache_folder` (None: in the user's cache folder) once, and again
    whenever one of them changed.
    """

    def __init__(self, database: Database, *, cache_folder: Path | None = None) -> None:
        self._address = database.address
        self._folder = cache_folder
        self._workers = Workers()
        self._importing = threading.Lock()

    @property
    def dialect(self) -> Dialect:
        """The dialect of SQL that it speaks."""
        return "duckdb"

    @property
    def home(self) -> str | None:
        """The schema that a table without a prefix is in."""
        return "main"

    def prove(self) -> None:
        """See for oneself that nothing can be written; see `Engine.prove`."""
        self._ask("prove", Stop())

    def stamp(self) -> object | None:
        """Something that differs once a file has changed; None while a file is missing."""
        try:
            return stamp_of(locate(self._address))
        except SetupError:
            return None

    def tables(self, stop: Stop) -> list[Table]:
        """All tables and views, with their comments; views are not counted."""
        found = self._ask("tables", stop)
        return [
            Table(**{**table, "columns": tuple(Column(**c) for c in table["columns"])}) for table in found
        ]

    def run(self, sql: str, limits: Limits, stop: Stop) -> Rows:
        """Run one statement; see `Engine.run`."""
        return Rows(**self._ask("read", stop, seconds=limits.timeout, sql=sql, limits=asdict(limits)))

    def expected_rows(self, sql: str, stop: Stop) -> float | None:
        """About how many rows the plan of a statement goes through; see `Engine.expected_rows`."""
        expected: float | None = self._ask("estimate", stop, seconds=PLANNING_SECONDS, sql=sql)
        return expected

    def quoted(self, name: str) -> str:
        """A table or column name as an identifier."""
        return '"' + name.replace('"', '""') + '"'

    def close(self) -> None:
        """End every process; the engine is not used afterwards."""
        self._workers.close()

    def _ask(self, what: str, stop: Stop, *, seconds: float = _SECONDS, **request: Any) -> Any:
        request |= {"do": what, "path": str(self._file(stop))}
        return self._workers.ask(request, seconds=seconds, stop=stop)

    def _file(self, stop: Stop) -> Path:
        found = locate(self._address)
        if not isinstance(found, DataFiles):
            return found
        # The second of two first calls waits, and finds the work done. A call that is given up does not end
        # it: it may take longer than a host waits for an answer, and the next one would be no better off.
        with holding(self._importing, stop):
            return cached(found, self._workers, Stop(), folder=self._folder)
