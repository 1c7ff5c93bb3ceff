"""Tries what a model wrote: its names made real, checked by the rules, run. Blocks."""

import datetime
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from tao.errors import ConfigError, ModelError
from tao_servers.text2sql.answering.candidate import Candidate
from tao_servers.text2sql.checking import Problem, check
from tao_servers.text2sql.embedding import shared_embedder
from tao_servers.text2sql.errors import QueryFailed, QueryRefused
from tao_servers.text2sql.executing import execute
from tao_servers.text2sql.limits import Limits, Rows
from tao_servers.text2sql.mending import STEPS, Mended, mend, on_day, with_fractions
from tao_servers.text2sql.schema import Schema
from tao_servers.text2sql.source import Source
from tao_servers.text2sql.stopping import Stop
from tao_servers.text2sql.whereabouts import where_texts_stand

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tao.models.embeddings import Embedder

__all__ = ["tried"]

_ONLY_READ = ("prose",)
# What may be done to a statement that nothing is known against.
_FOR_SOUND = ("prose", "conditions")
_AT_ONCE = 32
_NO_QUERY = "Only a SELECT answers a question."


def tried(
    written: str,
    source: Source,
    schema: Schema,
    limits: Limits,
    stop: Stop,
    *,
    mends: bool = True,
    today: datetime.date | None = None,
    keeps_fractions: bool = False,
    embedder: "Callable[[], Embedder | None]" = shared_embedder,
) -> Candidate:
    """The statement with its rows, or with what stands against it.

    One that passes the rules and runs is not mended, but that a join without any condition gets its key.
    `today` stands where it asks the clock, and with `keeps_fractions` no division drops its fraction.
    `embedder` is asked for when a name is like none in spelling.

    Raises:
        QueryFailed: it was cancelled, or the database is closed.
        SetupError: the database cannot be read.
    """
    meant = partial(_as_meant, schema=schema, today=today, keeps_fractions=keeps_fractions)
    alone = mend(written, schema, steps=_ONLY_READ)
    if not mends:
        return _run(written, alone, source, limits, stop)
    found = None
    if _is_sound(alone.sql, source, schema):
        sound = meant(mend(written, schema, steps=_FOR_SOUND))
        found = _run(written, sound, source, limits, stop)
        # The rules let pass what only the database knows to be wrong, such as a column that several have.
        if found.problem is None or found.problem.rule != "database":
            return found
    mended = meant(mend(written, schema, near=_Nearness(embedder, stop), steps=STEPS))
    if found is not None and found.sql == mended.sql:
        return found
    return _run(written, mended, source, limits, stop)


def _as_meant(mended: Mended, schema: Schema, today: datetime.date | None, keeps_fractions: bool) -> Mended:
    """The statement with what the question says of days and of fractions."""
    sql, notes = mended.sql, list(mended.mends)
    if today is not None:
        sql, further = on_day(sql, schema.dialect, today)
        notes += further
    if keeps_fractions:
        sql, further = with_fractions(sql, schema)
        notes += further
    return Mended(sql, tuple(notes))


def _is_sound(sql: str, source: Source, schema: Schema) -> bool:
    """Whether the rules have nothing to say about it, not even a warning."""
    try:
        return not check(sql, schema, source.database.functions).warnings
    except QueryRefused:
        return False


def _run(written: str, mended: Mended, source: Source, limits: Limits, stop: Stop) -> Candidate:
    try:
        checked, rows = execute(source, mended.sql, limits, stop)
    except QueryRefused as exc:
        return Candidate(written, mended.sql, mended.mends, problem=Problem(exc.rule, str(exc)))
    except QueryFailed as exc:
        if stop.is_set:
            raise
        return Candidate(written, mended.sql, mended.mends, problem=Problem("database", str(exc)))
    if checked.kind != "select":
        return Candidate(written, mended.sql, mended.mends, problem=Problem("select", _NO_QUERY))
    standing = tuple(_standing(source, mended.sql, rows, stop))
    return Candidate(written, mended.sql, mended.mends, checked, rows, standing=standing)


def _standing(source: Source, sql: str, rows: Rows, stop: Stop) -> list[str]:
    try:
        return where_texts_stand(source, sql, rows, stop)
    except QueryFailed:
        if stop.is_set:
            raise
        # It only helps to see why nothing was found.
        return []


class _Nearness:
    """How near names are in meaning; a name is embedded once for a statement. All 0 without an embedder."""

    def __init__(self, embedder: "Callable[[], Embedder | None]", stop: Stop) -> None:
        self._embedder, self._stop = embedder, stop
        self._is_broken = False
        self._vectors: dict[str, NDArray[np.float32]] = {}

    def __call__(self, name: str, others: Sequence[str]) -> list[float]:
        """The nearness of a name to each of some others.

        Raises:
            QueryFailed: it was cancelled.
        """
        if not self._know([name, *others]):
            return [0.0] * len(others)
        return [float(self._vectors[other] @ self._vectors[name]) for other in others]

    def _know(self, names: Sequence[str]) -> bool:
        embedder = None if self._is_broken else self._embedder()
        if embedder is None:
            return False
        new = [name for name in dict.fromkeys(names) if name not in self._vectors]
        for start in range(0, len(new), _AT_ONCE):
            if self._stop.is_set:
                raise QueryFailed("The query was cancelled.")
            some = new[start : start + _AT_ONCE]
            try:
                self._vectors.update(zip(some, embedder.embed(some, kind="query"), strict=True))
            except (ConfigError, ModelError):
                self._is_broken = True
                return False
        return True
