"""Tables, columns, aliases and joins that a model garbled."""

from collections.abc import Sequence

import pytest

from tao_servers.text2sql.checking import check, problems
from tao_servers.text2sql.mending import mend
from tao_servers.text2sql.schema import Column, Schema, Table
from tests.support.mending_schemas import music_schema, school_schema

NAMES = [
    ("SELECT 名称 FROM 高校表", "SELECT 名称 FROM 高校"),
    ("SELECT 城市裏.名称 FROM 城市裏", "SELECT 城市.名称 FROM 城市"),
    ("SELECT 城市名称 FROM 城市", "SELECT 名称 FROM 城市"),
    ("SELECT 城市 FROM 城市", "SELECT 名称 FROM 城市"),
    ("SELECT 名稱 FROM 高校", "SELECT 名称 FROM 高校"),
    ("SELECT 所属省 FROM 城市", "SELECT 所属省份 FROM 城市"),
    ("SELECT 刨办时间 FROM 高校", "SELECT 创办时间 FROM 高校"),
    ("SELECT 离校年份 FROM 名人", "SELECT 毕业时间 FROM 名人"),
    ("SELECT AVG(T1.常驻人口) FROM 城市 AS T1", "SELECT AVG(T1.常住人口) FROM 城市 AS T1"),
    (
        "SELECT 名称 FROM 高校 WHERE EXISTS (SELECT 1 FROM 城市 WHERE 常住人囗 > 9)",
        "SELECT 名称 FROM 高校 WHERE EXISTS (SELECT 1 FROM 城市 WHERE 常住人口 > 9)",
    ),
    (
        "WITH x AS (SELECT 名称 AS 学校全名 FROM 高校) SELECT 学校金名 FROM x",
        "WITH x AS (SELECT 名称 AS 学校全名 FROM 高校) SELECT 学校全名 FROM x",
    ),
    (
        "SELECT t.名稱, t.高校数量 FROM (SELECT 名稱, 1 AS 高校数目量 FROM 高校) t",
        "SELECT t.名称, t.高校数目量 FROM (SELECT 名称, 1 AS 高校数目量 FROM 高校) t",
    ),
]


@pytest.mark.parametrize(("written", "expected"), NAMES)
def test_a_name_with_one_near_it_is_made_real(written: str, expected: str) -> None:
    assert mend(written, school_schema()).sql == expected


ENGLISH = [
    ("SELECT name FROM singer", "SELECT name FROM singers"),
    ("SELECT singer_name FROM singers", "SELECT Name FROM singers"),
    ("SELECT birthYear FROM singers", "SELECT birth_year FROM singers"),
    ("SELECT birth_years FROM singers", "SELECT birth_year FROM singers"),
    ("SELECT title FROM concerts", "SELECT concert_title FROM concerts"),
    ("SELECT fee FROM SingerInConcert", "SELECT fee FROM singer_in_concert"),
    ("SELECT fee FROM main.singers_in_concerts", "SELECT fee FROM singer_in_concert"),
    ("SELECT c.yaer FROM concerts c ORDER BY c.yaer", "SELECT c.year FROM concerts c ORDER BY c.year"),
    (
        "SELECT birth_year, COUNT(*) AS total_count FROM singers GROUP BY birth_year ORDER BY totalcount",
        "SELECT birth_year, COUNT(*) AS total_count FROM singers GROUP BY birth_year ORDER BY total_count",
    ),
    (
        "SELECT singers.Name FROM singers AS s",
        "SELECT s.Name FROM singers AS s",
    ),
    (
        "SELECT year FROM concerts WHERE year IN (SELECT max(years) FROM concerts)",
        "SELECT year FROM concerts WHERE year IN (SELECT max(year) FROM concerts)",
    ),
]


@pytest.mark.parametrize(("written", "expected"), ENGLISH)
def test_english_names_are_compared_as_words(written: str, expected: str) -> None:
    assert mend(written, music_schema()).sql == expected


LEFT_ALONE = [
    # Two are as near.
    "SELECT 学生数量 FROM 高校",
    # Nothing is near.
    "SELECT 得分 FROM 高校",
    # What is reckoned from a column is not the column.
    "SELECT 名称 FROM 城市 ORDER BY 平均常住人口",
    "SELECT 名称 FROM 城市 WHERE 常住人口密度 > 3",
    "SELECT 1 FROM 不存在的东西",
    # A column beside itself says nothing.
    "SELECT T2.类别 / T1.类别 FROM 名人 AS T1 JOIN 高校 AS T2 ON T1.毕业院校id = T2.编号",
    # The table is there already, and this one was made up.
    "SELECT T1.名称 FROM 高校 AS T1 JOIN 高校排行榜单 AS T2 ON T1.编号 = T2.编号",
]


@pytest.mark.parametrize("written", LEFT_ALONE)
def test_what_is_like_nothing_or_like_several_is_left_to_the_model(written: str) -> None:
    found = mend(written, school_schema())
    assert (found.sql, found.mends) == (written, ())


@pytest.mark.parametrize(
    ("written", "real", "is_meant"),
    [
        ("sbcountry", "sbcustcountry", True),
        # What is left out says something else.
        ("billaddress", "billemailaddress", False),
        ("salesamount", "salesgoalamount", False),
        ("order_count", "order_item_count", False),
        # Too little of it is there.
        ("sbcity", "sbcustcity", False),
    ],
)
def test_a_glued_name_without_what_it_takes_from_its_table_is_that_name(
    written: str, real: str, is_meant: bool
) -> None:
    schema = Schema((Table("sbcustomer", (Column(real, "text"), Column("sbcustname", "text"))),))
    meant = real if is_meant else written
    assert mend(f"SELECT {written} FROM sbcustomer", schema).sql == f"SELECT {meant} FROM sbcustomer"


def test_the_opposite_of_a_column_is_not_that_column() -> None:
    schema = Schema((Table("商品", (Column("最低价格", "int"), Column("min_price", "int"))),))
    for written in ("SELECT 最高价格 FROM 商品", "SELECT max_price FROM 商品"):
        assert mend(written, schema).sql == written


def test_a_column_is_taken_from_the_table_that_has_it() -> None:
    found = mend(
        "SELECT T1.名称, T1.姓名 FROM 名人 AS T1 JOIN 高校 AS T2 ON T1.毕业院校id = T2.编号", school_schema()
    )
    assert found.sql == "SELECT T2.名称, T1.姓名 FROM 名人 AS T1 JOIN 高校 AS T2 ON T1.毕业院校id = T2.编号"
    assert found.mends == ("took 名称 from T2 instead of T1",)


def test_an_alias_that_was_never_declared_is_the_one_that_has_the_column() -> None:
    found = mend("SELECT T3.类别 FROM 名人 AS T1 JOIN 高校 AS T2 ON T1.毕业院校id = T2.编号", school_schema())
    assert found.sql.startswith("SELECT T2.类别 FROM")


def test_a_table_that_one_foreign_key_leads_to_is_joined() -> None:
    found = mend("SELECT 姓名 FROM 名人 WHERE 类别 = '综合' ORDER BY 姓名", school_schema())
    assert found.sql == (
        "SELECT 姓名 FROM 名人 JOIN 高校 ON 名人.毕业院校id = 高校.编号"
        " WHERE 高校.类别 = '综合' ORDER BY 姓名"
    )
    assert found.mends == ("joined 高校 on 名人.毕业院校id = 高校.编号",)
    declared = mend("SELECT T1.姓名, T2.类别 FROM 名人 AS T1", school_schema()).sql
    assert declared == "SELECT T1.姓名, T2.类别 FROM 名人 AS T1 JOIN 高校 AS T2 ON T1.毕业院校id = T2.编号"


def test_what_a_join_makes_ambiguous_stays_what_it_was() -> None:
    found = mend("SELECT 编号 FROM 名人 WHERE 类别 = '综合'", school_schema()).sql
    assert found.startswith("SELECT 名人.编号 FROM 名人 JOIN 高校")


def test_no_table_is_joined_where_several_ways_lead_to_it() -> None:
    keys = (Column("home_id", "int", references="teams.id"), Column("away_id", "int", references="teams.id"))
    schema = Schema((Table("games", keys), Table("teams", (Column("id", "int"), Column("coach", "text")))))
    assert mend("SELECT coach FROM games", schema).mends == ()


def test_a_join_without_a_condition_gets_that_of_its_key() -> None:
    found = mend("SELECT T2.名称 FROM 名人 AS T1 JOIN 高校 AS T2 WHERE T1.姓名 = '王'", school_schema())
    assert "JOIN 高校 AS T2 ON T1.毕业院校id = T2.编号 WHERE" in found.sql
    assert found.mends == ("joined on T1.毕业院校id = T2.编号",)


@pytest.mark.parametrize(
    "condition", ["T1.编号id = T2.高校id", "T1.毕业院校id = T2.高校id", "T2.毕业院校id = T1.编号"]
)
def test_a_condition_with_columns_that_are_none_follows_the_key(condition: str) -> None:
    found = mend(f"SELECT T1.姓名 FROM 名人 AS T1 JOIN 高校 AS T2 ON {condition}", school_schema()).sql
    assert "T1.毕业院校id = T2.编号" in found or "T2.编号 = T1.毕业院校id" in found


def test_a_join_that_is_tied_elsewhere_stays_without_a_condition() -> None:
    written = "SELECT T2.名称 FROM 名人 AS T1 JOIN 高校 AS T2 WHERE T1.毕业院校id = T2.编号"
    assert mend(written, school_schema()).sql == written


def test_an_ambiguous_column_is_that_of_the_table_it_is_selected_from() -> None:
    join = "FROM 高校 AS T1 JOIN 城市 AS T2 ON T1.城市id = T2.编号"
    assert mend(f"SELECT T2.名称 {join} ORDER BY 名称", school_schema()).sql.endswith("ORDER BY T2.名称")
    assert mend(f"SELECT 名称 {join}", school_schema()).sql.startswith("SELECT T1.名称 FROM")
    named = f"SELECT T2.名称 AS 名称 {join} ORDER BY 名称"
    assert mend(named, school_schema()).sql == named


def test_meaning_decides_where_spelling_cannot() -> None:
    def near(name: str, others: Sequence[str]) -> list[float]:
        assert name == "类型"
        return [0.65 if other == "类别" else 0.3 for other in others]

    assert mend("SELECT 类型 FROM 高校", school_schema(), near=near).sql == "SELECT 类别 FROM 高校"
    assert mend("SELECT 类型 FROM 高校", school_schema()).mends == ()


def test_meaning_that_is_near_to_two_decides_nothing() -> None:
    assert (
        mend("SELECT 类型 FROM 高校", school_schema(), near=lambda _, others: [0.7] * len(others)).mends == ()
    )


def test_what_is_reckoned_from_a_column_is_near_to_it_in_meaning_only() -> None:
    def near(name: str, others: Sequence[str]) -> list[float]:
        return [0.9 if other in name else 0.1 for other in others]

    assert mend("SELECT 平均常住人口 FROM 城市", school_schema(), near=near).mends == ()


def test_postgres_capitals_get_their_quotes() -> None:
    found = mend("SELECT s.Name FROM Singers s", music_schema("postgres"))
    assert found.sql == 'SELECT s."Name" FROM Singers s'
    capitals = Schema((Table("Singers", (Column("Name", "text"),)),), "postgres")
    assert mend("SELECT name FROM singers", capitals).sql == 'SELECT "Name" FROM "Singers"'


def test_text_in_double_quotes_gets_single_ones_where_it_would_be_a_column() -> None:
    written = 'SELECT 名称 FROM 高校 WHERE 类别 = "综合"'
    assert mend(written, school_schema("postgres")).sql == "SELECT 名称 FROM 高校 WHERE 类别 = '综合'"
    # SQLite takes it for text, unless a hidden column could have that name.
    assert mend(written, school_schema()).sql == written
    assert mend(written, school_schema(hides=True)).sql.endswith("'综合'")


def test_a_hidden_column_is_not_found_by_mending() -> None:
    schema = school_schema(hides=True)
    found = mend("SELECT 校长电话 FROM 高校", schema)
    assert found.mends == ()
    assert problems(found.sql, schema)


RIGHT = [
    "SELECT 名称 FROM 高校 h WHERE EXISTS (SELECT 1 FROM 名人 WHERE 毕业院校id = h.编号 AND 类别 = '综合')",
    "WITH x(a, b) AS (SELECT 名称, 编号 FROM 高校) SELECT a FROM x ORDER BY b",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT i FROM n",
    "SELECT 类别, COUNT(*) AS 数量 FROM 高校 GROUP BY 类别 HAVING 数量 > 1 ORDER BY 数量",
    "SELECT 名称 FROM 高校 UNION SELECT 名称 FROM 城市 ORDER BY 名称 LIMIT 3",
    "SELECT rowid FROM 高校",
    "SELECT a.名称 FROM 高校 a, 高校 b WHERE a.类别 == b.类别 -- 同类\n",
    "SELECT 编号 FROM 高校 JOIN 城市 USING (编号)",
    "SELECT x.名称 FROM (SELECT * FROM 高校) x WHERE x.类别 = '综合';",
    "SELECT value FROM json_each('[1]')",
    "SELECT CASE 类别 WHEN '综合' THEN 本科生数量 ELSE 研究生数量 END FROM 高校",
    "SELECT 名称, RANK() OVER (PARTITION BY 类别 ORDER BY 本科生数量 DESC) AS 名次 FROM 高校",
]


@pytest.mark.parametrize("written", RIGHT)
def test_what_is_right_comes_back_as_it_was(written: str) -> None:
    check(written, school_schema())
    found = mend(written, school_schema())
    assert (found.sql, found.mends) == (written, ())
