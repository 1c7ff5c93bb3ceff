"""What can be told from the text alone: prose, signs, glued keywords, quotes, brackets, arms of a UNION."""

import pytest

from tao_servers.text2sql.checking import check
from tao_servers.text2sql.mending import STEPS, mend
from tao_servers.text2sql.schema import Dialect
from tests.support.mending_schemas import music_schema, school_schema

PLAIN = "SELECT 名称 FROM 高校"

PROSE = [
    f"```sql\n{PLAIN}\n```",
    f"Here is the query:\n```\n{PLAIN}\n```\nIt lists all names.",
    f"```sql\n{PLAIN}",
    f"SQL: {PLAIN}",
    f"答案是：{PLAIN}",
    f"{PLAIN}\n\n这个查询返回所有高校的名称。",
    f"{PLAIN}\n\nThis query returns the names.",
]


@pytest.mark.parametrize("written", PROSE)
def test_a_statement_is_taken_out_of_what_stands_around_it(written: str) -> None:
    assert mend(written, school_schema()).sql == PLAIN


def test_what_is_said_after_the_semicolon_is_dropped() -> None:
    assert mend(f"{PLAIN}; 希望对你有帮助", school_schema()).sql == f"{PLAIN};"


@pytest.mark.parametrize(
    "written",
    [
        f"{PLAIN}; DROP TABLE 高校",
        f"DELETE FROM 高校; {PLAIN}",
        f"EXPLAIN {PLAIN}",
        "UPDATE 高校 SET 名称 = (SELECT 名称 FROM 城市)",
        "SELECT 名称,\n\n类别 FROM 高校",
        f"{PLAIN}\n\nWHERE 类别 = '综合'",
    ],
)
def test_no_part_of_a_statement_is_taken_for_prose(written: str) -> None:
    assert mend(written, school_schema()).sql == written


SIGNS = [
    ("SELECT 名称，类别 FROM 高校 WHERE 类别＝‘综合’", "SELECT 名称,类别 FROM 高校 WHERE 类别='综合'"),
    ("SELECT COUNT（*） FROM 高校；", "SELECT COUNT(*) FROM 高校;"),
    ("SELECT 名称 FROM 高校 WHERE 本科生数量＞100。", "SELECT 名称 FROM 高校 WHERE 本科生数量>100"),
    ("SELECT 名称 FROM 高校 WHERE 本科生数量 ≥ 100", "SELECT 名称 FROM 高校 WHERE 本科生数量 >= 100"),
    ("SELECT\u3000名称\u00a0FROM\u200b 高校", "SELECT 名称 FROM 高校"),
    ("SELECT 名称 FROM 高校 WHERE 类别 = “综合”", "SELECT 名称 FROM 高校 WHERE 类别 = '综合'"),
    ("SELECT “名称” FROM 高校", 'SELECT "名称" FROM 高校'),
]


@pytest.mark.parametrize(("written", "expected"), SIGNS)
def test_chinese_signs_become_those_of_sql(written: str, expected: str) -> None:
    assert mend(written, school_schema()).sql == expected


def test_signs_in_texts_and_in_names_stay() -> None:
    written = "SELECT 价格（元） FROM `Order-Lines` WHERE amount = 1 OR '（，）' = '；'"
    assert mend(written, music_schema()).sql == written


@pytest.mark.parametrize("dialect", ["postgres", "mysql"])
def test_two_equal_signs_become_one_where_the_dialect_has_one(dialect: Dialect) -> None:
    assert mend("SELECT 名称 FROM 高校 WHERE 编号 == 1", school_schema(dialect)).sql.endswith("编号 = 1")


GLUED = [
    ("SELECT名称 FROM高校", "SELECT 名称 FROM 高校"),
    ("SELECT 名称FROM高校ORDER BY创办时间DESC", "SELECT 名称 FROM 高校 ORDER BY 创办时间 DESC"),
    ("SELECT 名称 FROM 高校 GROUPBY 名称", "SELECT 名称 FROM 高校 GROUP BY 名称"),
    (
        "SELECT 名称 FROM 高校 WHERE 编号>3AND 类别 = '综合'",
        "SELECT 名称 FROM 高校 WHERE 编号>3 AND 类别 = '综合'",
    ),
    ("SELECT 名称 FROM 高校 LIMIT3", "SELECT 名称 FROM 高校 LIMIT 3"),
    ("select distinct名称 from 高校", "select distinct 名称 from 高校"),
]


@pytest.mark.parametrize(("written", "expected"), GLUED)
def test_keywords_are_parted_from_names(written: str, expected: str) -> None:
    found = mend(written, school_schema())
    assert (found.sql, found.mends) == (expected, ("put spaces round keywords",))


def test_an_alias_that_begins_like_a_keyword_stays_whole() -> None:
    written = "SELECT 本科生数量 AS in数量 FROM 高校 ORDER BY in数量"
    assert mend(written, school_schema()).sql == written


QUOTES: list[tuple[Dialect, str, str]] = [
    ("postgres", "SELECT `名称` FROM `高校`", "SELECT 名称 FROM 高校"),
    ("duckdb", "SELECT [名称] FROM 高校", "SELECT 名称 FROM 高校"),
    ("mysql", 'SELECT T."名称" FROM "高校" T', "SELECT T.名称 FROM 高校 T"),
]


@pytest.mark.parametrize(("dialect", "written", "expected"), QUOTES)
def test_quotes_are_those_of_the_dialect(dialect: Dialect, written: str, expected: str) -> None:
    assert mend(written, school_schema(dialect)).sql == expected


ODD = [
    ("SELECT amount FROM Order-Lines", 'SELECT amount FROM "Order-Lines"'),
    ("SELECT unit price FROM `order`", 'SELECT "unit price" FROM `order`'),
    ("SELECT 2020年 FROM order", 'SELECT "2020年" FROM "order"'),
    ("SELECT o.group FROM `order` o", 'SELECT o."group" FROM `order` o'),
    ("SELECT group FROM `order` GROUP BY group", 'SELECT "group" FROM `order` GROUP BY "group"'),
]


@pytest.mark.parametrize(("written", "expected"), ODD)
def test_names_that_need_quotes_get_them(written: str, expected: str) -> None:
    assert mend(written, music_schema()).sql == expected


def test_brackets_are_balanced_at_the_end_only() -> None:
    schema = school_schema()
    assert mend("SELECT COUNT(* FROM 高校", schema).sql == "SELECT COUNT(* FROM 高校"
    assert mend("SELECT 名称 FROM (SELECT 名称 FROM 高校;", schema).sql.endswith("FROM 高校);")
    assert mend("SELECT COUNT(*) FROM 高校))", schema).sql == "SELECT COUNT(*) FROM 高校"


def test_arms_of_a_union_get_their_own_order_and_limit() -> None:
    arm = "SELECT 名称 FROM 高校 ORDER BY 编号 LIMIT 3"
    found = mend(f"{arm} UNION ALL {arm}", school_schema())
    assert found.sql == f"SELECT * FROM ({arm}) UNION ALL SELECT * FROM ({arm})"
    assert found.mends == ("put an arm of UNION into a SELECT of its own",)
    named = mend(f"{arm} UNION ALL {arm}", school_schema("mysql")).sql
    assert named == f"SELECT * FROM ({arm}) AS arm_1 UNION ALL SELECT * FROM ({arm}) AS arm_2"


def test_sqlite_has_no_arms_in_brackets() -> None:
    found = mend("(SELECT 名称 FROM 高校) EXCEPT (SELECT 名称 FROM 城市)", school_schema())
    assert found.sql == "SELECT * FROM (SELECT 名称 FROM 高校) EXCEPT SELECT * FROM (SELECT 名称 FROM 城市)"
    check(found.sql, school_schema())


def test_the_last_arm_keeps_the_order_that_only_it_can_have() -> None:
    last = "SELECT 名称 FROM 高校 ORDER BY 本科生数量 LIMIT 3"
    found = mend(f"SELECT 名称 FROM 城市 EXCEPT {last}", school_schema())
    assert found.sql == f"SELECT 名称 FROM 城市 EXCEPT SELECT * FROM ({last})"
    whole = "SELECT 名称 FROM 城市 EXCEPT SELECT 名称 FROM 高校 ORDER BY 名称 LIMIT 3"
    assert mend(whole, school_schema()).sql == whole


def test_each_step_can_be_left_out() -> None:
    written = "SELECT名称 FROM高校"
    assert mend(written, school_schema(), steps=set(STEPS) - {"glued keywords"}).sql == written
    assert mend(written, school_schema(), steps={"glued keywords"}).sql == "SELECT 名称 FROM 高校"
