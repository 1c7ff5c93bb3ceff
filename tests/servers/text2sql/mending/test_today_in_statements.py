"""The day that a question counts from stands where a statement asks the database's clock."""

import datetime

import pytest

from tao_servers.text2sql.mending import on_day
from tao_servers.text2sql.schema import Dialect

DAY = datetime.date(2026, 6, 30)


@pytest.mark.parametrize(
    ("dialect", "written", "expected"),
    [
        ("sqlite", "SELECT DATE('now', '-30 days')", "SELECT DATE('2026-06-30', '-30 days')"),
        ("sqlite", "SELECT strftime('%Y', 'NOW')", "SELECT strftime('%Y', '2026-06-30')"),
        ("sqlite", "SELECT 1 WHERE d < CURRENT_DATE", "SELECT 1 WHERE d < '2026-06-30'"),
        ("postgres", "SELECT current_date - 7", "SELECT DATE '2026-06-30' - 7"),
        (
            "postgres",
            "SELECT now() - INTERVAL '7 days'",
            "SELECT TIMESTAMP '2026-06-30 00:00:00' - INTERVAL '7 days'",
        ),
        ("duckdb", "SELECT today()", "SELECT DATE '2026-06-30'"),
        (
            "mysql",
            "SELECT DATE_SUB(CURDATE(), INTERVAL 7 DAY)",
            "SELECT DATE_SUB(DATE '2026-06-30', INTERVAL 7 DAY)",
        ),
        ("mysql", "SELECT CURRENT_DATE()", "SELECT DATE '2026-06-30'"),
    ],
)
def test_the_clock_is_put_to_the_day(dialect: Dialect, written: str, expected: str) -> None:
    assert on_day(written, dialect, DAY) == (expected, ["took 2026-06-30 for today"])


@pytest.mark.parametrize(
    ("dialect", "written"),
    [
        ("sqlite", "SELECT 1 WHERE status = 'now'"),
        ("sqlite", "SELECT 1 WHERE status IN ('now', 'later')"),
        ("sqlite", "SELECT upper('now')"),
        ("postgres", "SELECT now FROM t"),
        ("postgres", 'SELECT t.current_date, "now" FROM t'),
        ("mysql", "SELECT 'today()'"),
        ("sqlite", "SELECT 'open"),
        ("sqlite", ""),
        ("sqlite", ")))((( now"),
    ],
)
def test_nothing_else_is_touched(dialect: Dialect, written: str) -> None:
    assert on_day(written, dialect, DAY) == (written, [])
