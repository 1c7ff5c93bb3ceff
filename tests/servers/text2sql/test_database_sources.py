"""One database that several calls use at once, some of which are given up."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from tao_servers.text2sql.database import Database
from tao_servers.text2sql.errors import QueryFailed
from tao_servers.text2sql.source import Source
from tao_servers.text2sql.stopping import Stop, holding
from tests.support.sql_server import database_at


def cancelled() -> Stop:
    stop = Stop()
    stop.set()
    return stop


def change(path: Path, script: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)


def test_what_a_call_read_that_was_given_up_is_not_kept(shop: Path) -> None:
    source = Source(database_at(shop))
    with pytest.raises(QueryFailed, match="cancelled"):
        source.schema(cancelled())
    orders = source.schema().table("orders")
    assert orders is not None
    assert orders.rows == 5432
    source.samples(orders, cancelled())
    assert source.samples(orders, Stop())["status"].values
    source.values(cancelled())
    assert source.values(Stop()).columns


def test_nobody_who_is_cancelled_waits_for_a_lock() -> None:
    lock = threading.Lock()
    with lock, pytest.raises(QueryFailed, match="cancelled"), holding(lock, cancelled()):
        raise AssertionError("The lock was held by another.")
    with holding(lock, cancelled()):
        assert lock.locked()
    assert not lock.locked()


def test_the_same_schema_is_given_until_something_changes(shop: Path) -> None:
    source = Source(database_at(shop))
    first, values = source.schema(), source.values(Stop())
    assert source.schema(fresh=True) is first
    assert source.values(Stop()) is values
    change(shop, "CREATE TABLE colours (name TEXT); INSERT INTO colours VALUES ('茜色');")
    assert source.schema().table("colours") is not None
    assert [match.value for match in source.values(Stop()).search("茜色")] == ["茜色"]


def test_examples_are_read_again_after_a_change(shop: Path) -> None:
    source = Source(database_at(shop))
    orders = source.schema().table("orders")
    assert orders is not None
    assert "新的" not in source.samples(orders, Stop())["status"].values
    change(shop, "UPDATE orders SET status = '新的';")
    assert source.samples(orders, Stop())["status"].values == ["新的"]


def test_a_closed_database_is_not_opened_again(shop: Path) -> None:
    source = Source(database_at(shop))
    source.close()
    with pytest.raises(QueryFailed, match="closed"):
        source.schema()


def test_a_hidden_column_that_is_nowhere_is_told_to_the_operator(
    shop: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hidden = ("customer.phone", "customers.name")
    Source(Database("shop", str(shop), hidden=hidden)).schema()
    assert "'*.customer.phone', which fits no column" in caplog.text
    assert "customers.name" not in caplog.text
