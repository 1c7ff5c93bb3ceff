"""An answer tells what a count after a join counts, and where rows are taken several times."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from tao_servers.text2sql.explaining import assumptions
from tests.support.asked_outcomes import Asked

BANK = """
CREATE TABLE branches (id INTEGER PRIMARY KEY, name TEXT, rent REAL);
CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, income REAL);
CREATE TABLE accounts (
    id INTEGER PRIMARY KEY,
    branch_id INTEGER REFERENCES branches (id),
    customer_id INTEGER REFERENCES customers (id),
    balance REAL
);
CREATE TABLE safes (id INTEGER PRIMARY KEY, branch_id INTEGER REFERENCES branches (id));
CREATE TABLE transfers (id INTEGER PRIMARY KEY, account_id INTEGER REFERENCES accounts (id), amount REAL);
CREATE TABLE lines (order_id INTEGER, line INTEGER, PRIMARY KEY (order_id, line));
CREATE TABLE parcels (id INTEGER PRIMARY KEY, order_id INTEGER REFERENCES lines (order_id), line INTEGER);
CREATE TABLE addresses (customer_id INTEGER PRIMARY KEY REFERENCES customers (id), town TEXT);
"""
ACCOUNTS = "accounts a JOIN branches b ON a.branch_id = b.id"
BOTH = f"{ACCOUNTS} JOIN customers c ON c.id = a.customer_id"
CHASM = "branches b JOIN accounts a ON a.branch_id = b.id JOIN safes s ON s.branch_id = b.id"


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    path = tmp_path_factory.mktemp("bank") / "bank.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(BANK)
    with Asked(path) as opened:
        yield opened


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        (
            f"SELECT b.name, COUNT(*) FROM {BOTH} GROUP BY b.name",
            "What is counted are the rows of accounts",
        ),
        (f"SELECT b.name FROM {BOTH} GROUP BY b.name HAVING COUNT(1) > 3", "the rows of accounts"),
        (
            "SELECT COUNT(*) FROM accounts a, branches b WHERE b.id = a.branch_id AND b.name = 'x'",
            "the rows of accounts",
        ),
        (f"SELECT b.name, SUM(b.rent) FROM {ACCOUNTS} GROUP BY b.name", "a row of branches that has several"),
        (f"SELECT AVG(c.income) FROM {BOTH}", "a row of customers that has several of accounts"),
        (f"SELECT COUNT(b.id) FROM {ACCOUNTS}", "a row of branches that has several of accounts"),
        (f"SELECT SUM(a.balance) FROM {CHASM}", "a row of accounts that has several of safes"),
        (f"SELECT COUNT(*) FROM {CHASM}", "all combinations of a row of accounts with one of safes"),
        (
            f"SELECT COUNT(*) FROM {CHASM} JOIN transfers t ON t.account_id = a.id",
            "all combinations of a row of safes with one of transfers",
        ),
    ],
)
def test_what_a_join_does_to_a_count_or_a_sum_is_told(bank: Asked, sql: str, told: str) -> None:
    assert any(told in text for text in assumptions(bank.outcome("how many x", sql)))


def test_it_is_told_in_chinese_as_well(bank: Asked) -> None:
    counts = f"SELECT b.name, COUNT(*), AVG(c.income) FROM {BOTH} GROUP BY b.name"
    assert assumptions(bank.outcome("各支行有多少客户", counts)) == [
        "COUNT(*) 数的是 accounts 的行",
        "income 的平均值：customers 的一行若对应多行 accounts，就会重复计入",
    ]
    assert assumptions(bank.outcome("有多少", f"SELECT COUNT(*) FROM {CHASM}")) == [
        "COUNT(*) 数的是 accounts 与 safes 的每一种组合，数目可能偏大"
    ]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT COUNT(*) FROM accounts",
        f"SELECT b.name, SUM(a.balance) FROM {BOTH} GROUP BY b.name",
        f"SELECT b.name, COUNT(DISTINCT c.id) FROM {BOTH} GROUP BY b.name",
        f"SELECT MAX(b.rent), MIN(c.income) FROM {BOTH}",
        f"SELECT b.name, a.balance FROM {ACCOUNTS}",
        # One row for each on both sides.
        "SELECT COUNT(*), SUM(c.income) FROM customers c JOIN addresses d ON d.customer_id = c.id",
        # Not by a key: nothing is known.
        "SELECT COUNT(*) FROM customers c JOIN branches b ON b.name = c.name",
        "SELECT COUNT(*) FROM accounts a JOIN accounts o ON o.id = a.id",
        f"SELECT COUNT(*) FROM {ACCOUNTS} JOIN customers c ON c.name = b.name",
        "SELECT b.name, COUNT(*) FROM branches b LEFT JOIN accounts a ON a.branch_id = b.id GROUP BY b.name",
        f"SELECT COUNT(*) FROM {ACCOUNTS} JOIN (SELECT branch_id FROM safes) s ON s.branch_id = b.id",
        # Half of a key is none.
        "SELECT COUNT(*) FROM parcels p JOIN lines l ON p.order_id = l.order_id",
        # Two ways lead to one and the same.
        "SELECT SUM(t.amount) FROM transfers t JOIN accounts a ON t.account_id = a.id"
        " JOIN customers c ON a.customer_id = c.id JOIN branches b ON a.branch_id = b.id AND c.id = b.id",
    ],
)
def test_what_counts_everything_once_is_not_told(bank: Asked, sql: str) -> None:
    assert assumptions(bank.outcome("how many", sql)) == []


def test_of_many_sums_one_is_told_and_a_join_without_a_condition_before_it(bank: Asked) -> None:
    sums = ", ".join(f"SUM(b.rent + {n})" for n in range(9))
    told = assumptions(bank.outcome("how many", f"SELECT {sums} FROM {ACCOUNTS} JOIN customers n"))
    assert "Nothing connects" in told[0]
    assert sum("taken several times" in text for text in told) == 1
