"""Tries what a model wrote: its names made real, checked by the rules, run. Blocks."""

from collections.abc import Sequence

from tao.errors import ConfigError, ModelError
from tao_servers.text2sql.answering.candidate import Candidate
from tao_servers.text2sql.checking import Problem
from tao_servers.text2sql.embedding import shared_embedder
from tao_servers.text2sql.errors import QueryFailed, QueryRefused
from tao_servers.text2sql.executing import execute
from tao_servers.text2sql.limits import Limits
from tao_servers.text2sql.mending import STEPS, mend
from tao_servers.text2sql.schema import Schema
from tao_servers.text2sql.source import Source
from tao_servers.text2sql.stopping import Stop

__all__ = ["tried"]

_ONLY_READ = ("prose",)


def tried(
    written: str, source: Source, schema: Schema, limits: Limits, stop: Stop, *, mends: bool = True
) -> Candidate:
    """The statement with its rows, or with what stands against it.

    Raises:
        QueryFailed: it was cancelled, or the database is closed.
        SetupError: the database cannot be read.
    """
    mended = mend(written, schema, near=_near, steps=STEPS if mends else _ONLY_READ)
    try:
        checked, rows = execute(source, mended.sql, limits, stop)
    except QueryRefused as exc:
        return Candidate(written, mended.sql, mended.mends, problem=Problem(exc.rule, str(exc)))
    except QueryFailed as exc:
        if stop.is_set:
            raise
        return Candidate(written, mended.sql, mended.mends, problem=Problem("database", str(exc)))
    return Candidate(written, mended.sql, mended.mends, checked, rows)


def _near(name: str, others: Sequence[str]) -> Sequence[float]:
    embedder = shared_embedder()
    if embedder is None or not others:
        return [0.0] * len(others)
    try:
        vectors = embedder.embed([name, *others], kind="query")
    except (ConfigError, ModelError):
        return [0.0] * len(others)
    return [float(score) for score in vectors[1:] @ vectors[0]]
