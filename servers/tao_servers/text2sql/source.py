"""One database that tools use: its engine, its schema as it is now, and its example values."""

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tao_servers.text2sql.access import Access
from tao_servers.text2sql.comments import Comments, comments_path, load_comments
from tao_servers.text2sql.database import Database
from tao_servers.text2sql.embedding import shared_embedder
from tao_servers.text2sql.engines import Engine, file_of, open_engine
from tao_servers.text2sql.errors import QueryFailed, SetupError, Text2sqlError
from tao_servers.text2sql.linking import Linker, ValueIndex, read_values
from tao_servers.text2sql.sampling import read_samples
from tao_servers.text2sql.schema import Column, Samples, Schema, Table
from tao_servers.text2sql.stopping import Stop, holding

__all__ = ["Source"]

_LOG = logging.getLogger(__name__)

# A server tells nobody that its schema changed. A name that is not known makes it be read again at once.
_KEPT_SECONDS = 300.0
_AT_LEAST_SECONDS = 5.0
_TIMES_AS_LONG = 50


@dataclass(frozen=True)
class _Known:
    stamp: tuple[object, ...]
    read_at: float
    schema: Schema
    samples: dict[str, Mapping[str, Samples]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Values:
    known: _Known
    made_at: float
    seconds: float
    index: ValueIndex


class Source:
    """A database behind its engine. Safe to use from several threads; every method blocks."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._access = Access(database)
        # Held while the database is asked about itself, which may take long; whoever only needs what is
        # known already does not wait for it.
        self._asking = threading.Lock()
        self._engine: Engine | None = None
        self._proved = False
        self._closed = False
        self._known: _Known | None = None
        self._warned: list[str] = []
        self._linking = threading.Lock()
        self._values: _Values | None = None
        self._linkers: dict[bool, tuple[Schema, ValueIndex | None, Linker]] = {}

    def engine(self, stop: Stop) -> Engine:
        """The engine, once it is proved that it can only read.

        Raises:
            SetupError: the database cannot be reached or read.
            NotReadOnly: something could be written.
            QueryFailed: it was cancelled, or the database is closed.
        """
        engine = self._engine
        if engine is not None and self._proved:
            return engine
        with holding(self._asking, stop):
            return self._prove()

    def schema(self, stop: Stop | None = None, *, fresh: bool = False) -> Schema:
        """What may be read, as it is now; `fresh` reads it again unless that was done just now.

        The same object is given for as long as nothing changed.

        Raises:
            SetupError: the database or its comments file cannot be read.
            NotReadOnly: something could be written.
            QueryFailed: it was cancelled, or the database is closed.
        """
        return self._now(stop or Stop(), fresh=fresh).schema

    def samples(self, table: Table, stop: Stop) -> Mapping[str, Samples]:
        """Example values of the columns of a table, by column name; read once for each schema."""
        engine, known = self.engine(stop), self._now(stop)
        found = known.samples.get(table.full_name)
        if found is None:
            found = read_samples(engine, table, stop)
            if not stop.is_set:
                known.samples[table.full_name] = found
        return found

    def values(self, stop: Stop) -> ValueIndex:
        """Texts that stand in the tables; reading them takes up to 20 seconds.

        They are read again when there are other columns, and else, when rows may have changed, after fifty
        times as long as it took.
        """
        engine, known = self.engine(stop), self._now(stop)
        with holding(self._linking, stop):
            made = self._values
            if made is not None and not _is_outdated(made, known):
                return made.index
            began = time.monotonic()
            read = read_values(engine, known.schema, stop)
            index = ValueIndex(read, embedder=shared_embedder())
            if not stop.is_set:
                now = time.monotonic()
                self._values = _Values(known, now, now - began, index)
            return index

    def linker(self, stop: Stop, *, values: bool = False) -> Linker:
        """Finds tables for a question, with `values` also by the texts in them; made once for each schema."""
        schema, index = self.schema(stop), self.values(stop) if values else None
        with holding(self._linking, stop):
            made = self._linkers.get(values)
            if made is None or made[0] is not schema or made[1] is not index:
                linker = Linker(schema, values=index, embedder=shared_embedder())
                made = self._linkers[values] = (schema, index, linker)
            return made[2]

    def close(self) -> None:
        """Close the connections; what is being asked just now ends as the engine ends it."""
        self._closed = True
        engine = self._engine
        if engine is not None:
            engine.close()

    def _prove(self) -> Engine:
        if self._closed:
            raise QueryFailed("The database was closed.")
        if self._engine is not None and self._proved:
            return self._engine
        if self.database.problem is not None:
            raise SetupError(self.database.problem)
        engine = self._engine = open_engine(self.database)
        try:
            engine.prove()
        except Text2sqlError:
            engine.close()
            raise
        if self._closed:
            # In the meantime, and perhaps before there was anything to close.
            engine.close()
            raise QueryFailed("The database was closed.")
        self._proved = True
        return engine

    def _now(self, stop: Stop, *, fresh: bool = False) -> _Known:
        engine, known = self.engine(stop), self._known
        stamp = (engine.stamp(), _stamp(self._comments_path()))
        if known is not None:
            is_only_aged = known.stamp == stamp and not fresh
            if not self._is_old(known, stamp, fresh) or (is_only_aged and self._asking.locked()):
                return known
        with holding(self._asking, stop):
            known = self._known
            stamp = (engine.stamp(), _stamp(self._comments_path()))
            if known is None or self._is_old(known, stamp, fresh):
                schema = self._read(engine, stop)
                if known is not None and schema == known.schema:
                    schema = known.schema
                known = self._known = _Known(stamp, time.monotonic(), schema)
            return known

    def _is_old(self, known: _Known, stamp: tuple[object, ...], fresh: bool) -> bool:
        if known.stamp != stamp:
            return True
        age = time.monotonic() - known.read_at
        if stamp[0] is not None:
            # A file: its stamp says it all.
            return False
        return age > (_AT_LEAST_SECONDS if fresh else _KEPT_SECONDS)

    def _read(self, engine: Engine, stop: Stop) -> Schema:
        path = self._comments_path()
        comments = load_comments(path) if path else Comments()
        tables = tuple(comments.added_to(table) for table in engine.tables(stop))
        if stop.is_set:
            # Some of it may be missing.
            raise QueryFailed("The query was cancelled.")
        schema = Schema(tables, engine.dialect, engine.home)
        self._warn(self._access.hiding_nothing(schema))
        return self._access.narrowed(schema)

    def _warn(self, patterns: list[str]) -> None:
        if patterns and patterns != self._warned:
            _LOG.warning(
                "In the database %s, `hidden` has %s, which fits no column: nothing is hidden by that.",
                self.database.name,
                ", ".join(map(repr, patterns)),
            )
        self._warned = patterns

    def _comments_path(self) -> Path | None:
        file = file_of(self.database)
        return comments_path(file, self.database.comments) if file else self.database.comments


def _is_outdated(made: _Values, known: _Known) -> bool:
    if made.known is known:
        return False
    if _shape(made.known.schema) != _shape(known.schema):
        return True
    return time.monotonic() - made.made_at > _TIMES_AS_LONG * made.seconds


def _shape(schema: Schema) -> list[tuple[str, tuple[Column, ...]]]:
    return [(table.full_name, table.columns) for table in schema.tables]


def _stamp(path: Path | None) -> tuple[int, int] | None:
    try:
        stat = path.stat() if path else None
    except (OSError, ValueError):
        # Reading it will say what is wrong.
        return None
    return (stat.st_mtime_ns, stat.st_size) if stat else None
