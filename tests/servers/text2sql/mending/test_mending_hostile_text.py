"""Whatever is given comes back, and what needs nothing comes back unchanged."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tao_servers.text2sql.mending import mend
from tao_servers.text2sql.schema import Column, Dialect, Schema, Table
from tests.support.mending_schemas import music_schema, school_schema
from tests.support.shop_schemas import DIALECTS

HOSTILE = [
    "",
    " ",
    ";",
    "\x00\ud800",
    "'" * 9_999,
    "(" * 9_000,
    "/*" * 9_000,
    "SELECT 1 FROM 高校 " + "JOIN 城市 " * 900,
    "SELECT 1" + " UNION SELECT 1" * 600,
    "SELECT " + ", ".join(f"T{n}.没有" for n in range(300)) + " FROM 高校 T1, 城市 T2",
    "SELECT 1 FROM " + ", ".join(f"没有{n}" for n in range(1_200)),
    "SELECT * FROM (SELECT x FROM " * 58 + "高校" + ")" * 58,
    "```sql" * 3_000,
    "as" * 9_000 + "名",
    "SELECT 1 " * 5_000,
]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("written", HOSTILE, ids=range(len(HOSTILE)))
def test_what_cannot_be_read_comes_back_as_it_was(written: str, dialect: Dialect) -> None:
    assert mend(written, school_schema(dialect)).sql == written


def test_a_schema_without_tables_mends_nothing() -> None:
    assert mend("SELECT a FROM b", Schema(())).mends == ()


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80))
def test_no_text_is_too_strange(text: str) -> None:
    mend(text, school_schema())
    mend(f"SELECT {text} FROM 高校", school_schema("postgres"))


PARTS = st.sampled_from(
    [
        *("(", ")", ",", ".", ";", "=", "*", "1", "'x'", '"x"', "`y`", "（", "\n\n", "COUNT(*)", "T1"),
        *("SELECT", "FROM", "WHERE", "JOIN", "ON", "UNION", "ORDER BY", "LIMIT 1", "AS", "WITH"),
        *("名称", "高校", "城市", "编号", "没有", "singers"),
    ]
)


@settings(max_examples=100, deadline=None)
@given(st.lists(PARTS, max_size=25).map(" ".join))
def test_mending_twice_is_mending_once(text: str) -> None:
    once = mend(f"SELECT {text}", school_schema()).sql
    assert mend(once, school_schema()).sql == once


COLUMNS = st.sampled_from(["Name", "birth_year", "singer_id"])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(COLUMNS, min_size=1, max_size=3),
    COLUMNS,
    st.sampled_from(["singers", "singers AS s", '"singers"']),
)
def test_a_column_that_is_there_is_never_another_one(shown: list[str], ordered: str, table: str) -> None:
    written = f"SELECT {', '.join(shown)} FROM {table} ORDER BY {ordered}"
    assert mend(written, music_schema()).sql == written


def test_many_tables_are_looked_through() -> None:
    tables = tuple(Table(f"表{n}", (Column(f"列{n}", "int"),)) for n in range(900))
    schema = Schema((*tables, Table("退货记录", (Column("退货原因", "text"),))))
    assert mend("SELECT 退货原囚 FROM 退货记录表", schema).sql == "SELECT 退货原因 FROM 退货记录"
