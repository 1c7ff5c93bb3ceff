"""Tries what a model wrote: its names made real, checked by the rules, run. Blocks."""

import datetime
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tao.errors import ConfigError, ModelError
from tao_servers.text2sql.answering.candidate import Candidate
from tao_servers.text2sql.checking import Problem, check
from tao_servers.text2sql.embedding import shared_embedder
from tao_servers.text2sql.errors import QueryFailed, QueryRefused
from tao_servers.text2sql.executing import execute
from tao_servers.text2sql.limits import Limits, Rows
from tao_servers.text2sql.mending import STEPS, Mended, mend, on_day
from tao_servers.text2sql.schema import Dialect, Schema
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
    embedder: "Callable[[], Embedder | None]" = shared_embedder,
) -> Candidate:
    """The statement with its rows, or with what stands against it.

    One that passes the rules and runs is not mended, but that a join without any condition gets its key.
    `today` stands where it asks the clock. `embedder` is asked for when a name is like none in spelling.

    Raises:
        QueryFailed: it was cancelled, or the database is closed.
        SetupError: the database cannot be read.
    """
    alone = mend(written, schema, steps=_ONLY_READ)
    if not mends:
        return _run(written, alone, source, limits, stop)
    found = None
    if _is_sound(alone.sql, source, schema):
        sound = _dated(mend(written, schema, steps=_FOR_SOUND), schema.dialect, today)
        found = _run(written, sound, source, limits, stop)
        # The rules let pass what only the database knows to be wrong, such as a column that several have.
        if found.problem is None or found.problem.rule != "database":
            return found
    mended = mend(written, schema, near=_Nearness(embedder, stop), steps=STEPS)
    mended = _dated(mended, schema.dialect, today)
    if found is not None and found.sql == mended.sql:
        return found
    return _run(written, mended, source, limits, stop)


def _dated(mended: Mended, dialect: Dialect, today: datetime.date | None) -> Mended:
    if today is None:
        return mended
    sql, notes = on_day(mended.sql, dialect, today)
    return Mended(sql, (*mended.mends, *notes))


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
