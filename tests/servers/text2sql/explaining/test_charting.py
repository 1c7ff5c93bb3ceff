import importlib.util
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema.validators import validator_for  # type: ignore[import-untyped, unused-ignore]

from tao_servers.text2sql.explaining.charting import chart
from tao_servers.text2sql.limits import Cell, Rows
from tao_servers.text2sql.schema import Family


def drawn(
    columns: list[str],
    rows: list[list[Cell]],
    *,
    types: dict[str, Family] | None = None,
    more: bool = False,
    language: Any = "en",
) -> dict[str, Any]:
    spec = chart(Rows(columns, rows, more), types, title="A title", language=language)
    assert spec is not None
    valid()(spec)
    assert len(json.dumps(spec, ensure_ascii=False)) <= 4_000
    return spec


def not_drawn(columns: list[str], rows: list[list[Cell]], *, more: bool = False) -> bool:
    return chart(Rows(columns, rows, more), title="A title", language="en") is None


@cache
def valid() -> Callable[[object], None]:
    """Raises for what the schema of Vega-Lite 5 itself does not allow; altair carries it."""
    found = importlib.util.find_spec("altair")
    assert found is not None
    assert found.origin is not None
    path = Path(found.origin).parent / "vegalite" / "v5" / "schema" / "vega-lite-schema.json"
    schema = json.loads(path.read_text(encoding="utf-8"))
    validate: Callable[[object], None] = validator_for(schema)(schema).validate
    return validate


def values_of(spec: dict[str, Any]) -> list[dict[str, Any]]:
    values: list[dict[str, Any]] = spec["data"]["values"]
    return values


def test_a_category_and_a_number_are_bars_in_the_order_of_the_rows() -> None:
    spec = drawn(["城市", "销售额"], [["上海", 3000.5], ["北京", 2000], ["安庆", 2500]])
    assert spec["$schema"].endswith("/vega-lite/v5.json")
    assert spec["title"] == "A title"
    assert spec["mark"]["type"] == "bar"
    x, y = spec["encoding"]["x"], spec["encoding"]["y"]
    assert (x["type"], x["sort"], x["title"]) == ("nominal", None, "城市")
    assert (y["type"], y["title"]) == ("quantitative", "销售额")
    assert values_of(spec) == [{"x": "上海", "y": 3000.5}, {"x": "北京", "y": 2000}, {"x": "安庆", "y": 2500}]


@pytest.mark.parametrize(
    "labels",
    [
        ["A product with a long name", "B"],
        ["中华人民共和国", "B"],
        [f"P{number}" for number in range(12)],
    ],
)
def test_long_or_many_labels_stand_beside_lying_bars(labels: list[str]) -> None:
    spec = drawn(["name", "price"], [[label, number] for number, label in enumerate(labels)])
    assert spec["encoding"]["y"]["title"] == "name"
    assert spec["encoding"]["x"]["title"] == "price"


def test_comparable_numbers_share_the_bars_and_others_are_left_out() -> None:
    spec = drawn(["city", "a", "b", "huge"], [["x", 1, 2, 9e6], ["y", 3, 1, 8e6]])
    assert [(point["x"], point["series"]) for point in values_of(spec)] == [
        ("x", "a"),
        ("x", "b"),
        ("y", "a"),
        ("y", "b"),
    ]
    assert spec["encoding"]["xOffset"]["field"] == "series"
    assert spec["encoding"]["y"]["title"] is None


def test_two_categories_and_a_number_are_grouped_bars() -> None:
    rows: list[list[Cell]] = [
        ["上海", "金卡", 3],
        ["上海", "银卡", 5],
        ["北京", "金卡", 2],
        ["广州", "金卡", 1],
    ]
    spec = drawn(["city", "level", "n"], rows)
    assert spec["encoding"]["color"]["title"] == "level"
    assert {point["x"] for point in values_of(spec)} == {"上海", "北京", "广州"}


def test_a_share_stays_a_bar() -> None:
    assert drawn(["kind", "share"], [["a", 0.25], ["b", 0.75]])["mark"]["type"] == "bar"


@pytest.mark.parametrize(
    ("name", "cells", "unit", "first"),
    [
        ("月份", ["2024-05", "2024-06"], "utcyearmonth", "2024-05"),
        ("m", ["2024年5月", "2024年10月"], "utcyearmonth", "2024-05"),
        ("ym", [202405, 202406], "utcyearmonth", "2024-05"),
        ("m", ["2024-05-01 00:00:00", "2024-06-01 00:00:00"], "utcyearmonth", "2024-05"),
        ("q", ["2024Q1", "2024Q3"], "utcyearquarter", "2024-01"),
        ("q", ["2024年第二季度", "2024年第三季度"], "utcyearquarter", "2024-04"),
        ("q", ["Q4 2023", "Q1 2024"], "utcyearquarter", "2023-10"),
        ("d", ["2024-05-03", "2024-05-04"], "utcyearmonthdate", "2024-05-03"),
        ("d", ["2024年5月3日", "2024年5月14日"], "utcyearmonthdate", "2024-05-03"),
        ("日期", [20240503, 20240504], "utcyearmonthdate", "2024-05-03"),
        ("openning_year", [2010, 2011], "utcyear", "2010"),
        ("extract year", [2010.0, 2011.0], "utcyear", "2010"),
        ("创办年份", [1924, 1952], "utcyear", "1924"),
        ("strftime('%Y', d)", ["2023", "2024"], "utcyear", "2023"),
        ("t", ["2024-05-01 10:30:00", "2024-05-01T11:30"], None, "2024-05-01T10:30:00Z"),
    ],
)
def test_times_are_told_however_they_are_written(
    name: str, cells: list[Cell], unit: str | None, first: str
) -> None:
    spec = drawn([name, "n"], [[cell, number] for number, cell in enumerate(cells)])
    x = spec["encoding"]["x"]
    assert spec["mark"]["type"] == "line"
    assert (x["type"], x.get("timeUnit")) == ("temporal", unit)
    assert values_of(spec)[0] == {"x": first, "y": 0}


def test_a_line_goes_on_as_time_does_whatever_the_order_of_the_rows() -> None:
    spec = drawn(["month", "n"], [["10月", 5], ["2月", 7], [None, 1], ["9月", None]])
    assert spec["encoding"]["x"]["type"] == "ordinal"
    assert values_of(spec) == [{"x": 2, "y": 7}, {"x": 10, "y": 5}]


def test_each_category_has_its_line() -> None:
    rows: list[list[Cell]] = [
        [month, city, 1] for month in ("2024-01", "2024-02") for city in ("上海", "北京")
    ]
    spec = drawn(["month", "city", "n"], rows)
    assert spec["encoding"]["color"]["title"] == "city"


def test_each_year_has_its_line_over_the_months() -> None:
    rows: list[list[Cell]] = [[year, month, 1] for year in (2022, 2023) for month in (1, 2, 3)]
    spec = drawn(["year", "month", "n"], rows)
    assert spec["encoding"]["x"]["title"] == "month"
    assert spec["encoding"]["color"]["title"] == "year"


def test_two_numbers_are_points() -> None:
    rows: list[list[Cell]] = [[150 + number, 50 + number % 7] for number in range(20)]
    assert drawn(["height", "weight"], rows)["mark"]["type"] == "point"
    assert not_drawn(["height", "weight"], rows[:4])


def test_the_known_type_of_a_column_comes_first() -> None:
    rows: list[list[Cell]] = [[number, "12345678901234567890"] for number in range(1, 6)]
    spec = drawn(["Stars", "views"], rows, types={"stars": "text", "views": "number"})
    assert spec["mark"]["type"] == "bar"
    assert spec["encoding"]["y"]["title"] == "views"


def test_names_that_mean_something_to_vega_are_only_titles() -> None:
    spec = drawn(["a.b[0]\\'", "count(*)"], [["x", 1], ["y", 2]])
    assert spec["encoding"]["x"]["field"] == "x"
    assert spec["encoding"]["x"]["title"] == "a.b[0]\\'"


def test_columns_of_one_name_are_two() -> None:
    spec = drawn(["name", "name", "n"], [["x", "u", 1], ["x", "v", 2], ["y", "u", 3]])
    assert len(values_of(spec)) == 3


def test_missing_and_true_are_said_in_the_language() -> None:
    rows: list[list[Cell]] = [[None, 1], [True, 2], [False, 3]]
    assert [point["x"] for point in values_of(drawn(["paid", "n"], rows, language="zh"))] == [
        "（空）",
        "是",
        "否",
    ]
    assert [point["x"] for point in values_of(drawn(["paid", "n"], rows))] == ["(none)", "yes", "no"]


@pytest.mark.parametrize(
    ("columns", "rows"),
    [
        ([], []),
        (["n"], [[3]]),
        (["n"], [[3], [4]]),
        (["city", "n"], []),
        (["city", "n"], [["上海", 3]]),
        (["name", "city"], [["a", "b"], ["c", "d"]]),
        (["id", "customer_id"], [[1, 2], [3, 4]]),
        (["orderId", "客户编号"], [[1, 2], [3, 4]]),
        (["name", "founded year"], [["a", 1990], ["b", 1991]]),
        (["city", "n"], [["上海", 3], ["上海", 4]]),
        (["city", "n"], [[f"c{number}", number] for number in range(31)]),
        (["height", "weight"], [[number, number] for number in range(201)]),
        (["city", "n"], [["上海", None], ["北京", None]]),
        (["city", "n"], [["上海", float("nan")], ["北京", float("inf")]]),
        (["a", "b", "c", "n"], [["a", "b", "c", 1], ["d", "e", "f", 2]]),
    ],
)
def test_what_is_not_worth_a_chart_has_none(columns: list[str], rows: list[list[Cell]]) -> None:
    assert not_drawn(columns, rows)


def test_a_result_that_was_cut_has_none() -> None:
    assert not_drawn(["city", "n"], [["上海", 3], ["北京", 4]], more=True)


def test_an_id_names_bars_where_nothing_else_does() -> None:
    spec = drawn(["customer_id", "total"], [[17, 3], [4, 2]])
    assert [point["x"] for point in values_of(spec)] == ["17", "4"]


def test_a_long_series_keeps_its_end_and_says_so() -> None:
    rows: list[list[Cell]] = [[f"{1900 + n // 12}-{n % 12 + 1:02}-03", n] for n in range(190)]
    spec = drawn(["day", "n"], rows)
    kept = values_of(spec)
    assert kept[-1]["y"] == 189
    assert spec["title"]["subtitle"] == f"Only the last {len(kept)} points in time"


def test_many_grouped_bars_keep_their_first_groups() -> None:
    rows: list[list[Cell]] = [
        [f"A city with a long name {n}", f"level {m}", n] for n in range(30) for m in range(6)
    ]
    spec = drawn(["city", "level", "n"], rows, language="zh")
    groups = {point["x"] for point in values_of(spec)}
    assert len(values_of(spec)) == 6 * len(groups)
    assert spec["title"]["subtitle"] == f"只画出前 {len(groups)} 项"


def test_a_hostile_name_stays_on_one_line_and_short() -> None:
    spec = drawn(["a\n\u202e" + "x" * 500, "n"], [["b\x00\n" + "y" * 500, 1], ["c", 2]])
    title = spec["encoding"]["y"]["title"]
    assert len(title) <= 40
    assert title.isprintable()
    assert len(values_of(spec)[0]["x"]) <= 40


cells = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(),
    st.text(max_size=30),
    st.sampled_from(["2024-02-31", "2024-05", "2024Q1", "2024", "5月", "３月", "may"]),
)
names = st.sampled_from(["年份", "month", "date", "id", "n", "名称", "季度", "a.b"])


@given(st.data(), st.integers(0, 4), st.integers(0, 12))
@settings(max_examples=60, deadline=None)
def test_whatever_a_result_holds_its_chart_is_valid_and_short(
    data: st.DataObject, width: int, height: int
) -> None:
    columns = data.draw(st.lists(names, min_size=width, max_size=width))
    rows = data.draw(
        st.lists(st.lists(cells, min_size=width, max_size=width), min_size=height, max_size=height)
    )
    spec = chart(Rows(columns, rows, False), title="t", language="zh")
    if spec is not None:
        valid()(spec)
        assert len(json.dumps(spec, ensure_ascii=False, allow_nan=False)) <= 4_000


def test_the_axes_are_called_by_the_headings_unless_two_are_alike() -> None:
    rows = Rows(["city", "COUNT(*)", "SUM(total)"], [["上海", 3, 10], ["北京", 5, 20]], False)
    titled = chart(rows, title="t", language="zh", headings=["城市", "订单数", "总额"])
    assert titled is not None
    assert titled["encoding"]["x"]["title"] == "城市"
    assert {point["series"] for point in titled["data"]["values"]} == {"订单数", "总额"}
    alike = chart(rows, title="t", language="zh", headings=["城市", "数", "数"])
    assert alike is not None
    assert {point["series"] for point in alike["data"]["values"]} == {"COUNT(*)", "SUM(total)"}
    long = [f"{'number of rows with age ' * 2}{n}" for n in range(2)]
    cut = chart(rows, title="t", language="zh", headings=["城市", *long])
    assert cut is not None
    assert {point["series"] for point in cut["data"]["values"]} == {"COUNT(*)", "SUM(total)"}
