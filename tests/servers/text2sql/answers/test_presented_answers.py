import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tao_servers.text2sql.answering.candidate import Candidate
from tao_servers.text2sql.answering.outcome import Outcome
from tao_servers.text2sql.answers.ask_result import AskResult
from tao_servers.text2sql.answers.asked import present_answer, whole_answer
from tao_servers.text2sql.limits import Cell, Rows
from tests.support.asked_outcomes import Asked

CITIES = "SELECT city, count(*) AS n FROM customers GROUP BY city ORDER BY n DESC LIMIT 3"
ADDRESS = "text2sql://shop/U0VMRUNU/rows.csv"


@pytest.fixture
def asked(shop: Path) -> Iterator[Asked]:
    with Asked(shop) as opened:
        yield opened


def size(text: str, value: AskResult) -> int:
    return len(text) + len(json.dumps(value.model_dump(mode="json", exclude_none=True), ensure_ascii=False))


def test_an_answer_is_told_whole_as_text_and_as_data(asked: Asked) -> None:
    text, value = present_answer(asked.outcome("哪三个城市客户最多", (CITIES, 3)), csv=ADDRESS)
    lines = text.splitlines()
    assert lines[0].startswith("3 行，每个所在城市的客户数量：上海（120）")
    assert lines[2:7] == [
        "| city | n |",
        "| --- | --- |",
        "| 上海 | 120 |",
        "| 北京 | 105 |",
        "| 广州 | 98 |",
    ]
    assert "```sql\nSELECT\n  city,\n  count(*) AS n\nFROM customers\n" in text
    assert "用到的表：customers" in text
    assert "把握：1.00" in text
    assert value.rows == [["上海", 120], ["北京", 105], ["广州", 98]]
    assert (value.row_count, value.truncated, value.csv, value.note) == (3, False, None, None)
    assert (value.tables, value.confidence, value.ambiguous) == (["customers"], 1.0, False)
    assert value.chart is not None
    assert value.answer == lines[0]


def test_other_readings_and_the_question_back_stand_in_both(asked: Asked) -> None:
    other = "SELECT sum(total) FROM orders"
    text, value = present_answer(asked.outcome("how many orders", "SELECT count(*) FROM orders", other))
    assert value.ambiguous
    assert value.question_back is not None
    assert value.question_back in text
    (alternative,) = value.alternatives
    assert (alternative.sql, alternative.row_count, alternative.votes) == (other, 1, 1)
    assert f"- {alternative.reading} (rows: 1, votes: 1): {other}" in text


def test_rows_without_room_are_counted_and_their_address_is_told(asked: Asked) -> None:
    outcome = asked.outcome("all orders", "SELECT * FROM orders ORDER BY id")
    text, value = present_answer(outcome, csv=ADDRESS)
    assert 10 <= len(value.rows) < 100
    assert (value.row_count, value.truncated, value.csv) == (100, True, ADDRESS)
    assert (
        f"Only {len(value.rows)} of more than 100 rows are here. All rows (csv, page by page): {ADDRESS}"
        in text
    )
    assert size(text, value) <= 8_000
    text, value = present_answer(outcome)
    assert "run_sql, LIMIT and OFFSET" in text
    assert value.csv is None


def test_the_data_of_the_chart_goes_before_the_other_readings(asked: Asked) -> None:
    rows = Rows(["category", "n"], [[f"{n} {'类' * 25}", n] for n in range(60)], more=False)
    first = asked.candidate("SELECT city AS category, count(*) AS n FROM customers GROUP BY city")
    large = Candidate(first.sql, first.sql, checked=first.checked, rows=rows)
    others = [f"SELECT count(*) FROM customers WHERE id < {n} AND name <> '{'长' * 300}'" for n in (5, 6)]
    text, value = present_answer(asked.outcome("每类多少", large, *others))
    assert size(text, value) <= 8_000
    assert len(value.alternatives) == 2
    assert value.chart is None or value.chart["data"] == {"name": "rows"}
    assert len(value.rows) >= 10


def test_cells_are_cut_before_rows(asked: Asked) -> None:
    first = asked.candidate("SELECT name FROM customers")
    long = Candidate(
        first.sql,
        first.sql,
        checked=first.checked,
        rows=Rows(["name"], [[f"{n}{'长' * 2_000}"] for n in range(12)], more=False),
    )
    text, value = present_answer(asked.outcome("names", long), csv=ADDRESS)
    assert len(value.rows) >= 10
    assert "Texts that end in … are cut." in text
    assert (value.truncated, value.csv) == (len(value.rows) < 12, ADDRESS)


def test_without_sql_that_ran_the_problem_and_a_way_on_are_told(asked: Asked) -> None:
    text, value = present_answer(asked.outcome("删掉订单", "DROP TABLE orders", "SELECT * FROM nichts"))
    assert "没有得到能运行的 SQL（共试了 2 次）" in text
    assert value.note is not None
    assert "There is no table 'nichts'" in value.note
    assert "自己写 SQL" in value.note
    assert (value.sql, value.rows, value.confidence) == (None, [], 0.0)
    text, _ = present_answer(asked.outcome("nothing was written"))
    assert "The model wrote no SQL." in text


def test_an_empty_result_has_no_chart_and_names_its_filter(asked: Asked) -> None:
    text, value = present_answer(asked.outcome("多少", "SELECT id FROM orders WHERE status = '完成'"))
    assert "订单状态 = '完成'" in text
    assert value.chart is None
    assert value.rows == []


def test_sql_with_a_fence_in_it_stays_in_its_own(asked: Asked) -> None:
    text, _ = present_answer(asked.outcome("x", "SELECT '```' AS a, 'b' AS b FROM orders LIMIT 1"))
    assert "````sql\n" in text


def test_the_whole_answer_has_every_row(asked: Asked) -> None:
    value = whole_answer(asked.outcome("all orders", "SELECT * FROM orders"))
    assert len(value.rows) == 100
    assert value.truncated


def wide(
    asked: Asked, headings: list[str], rows: list[list[Cell]], sql: str, *, long_readings: bool = False
) -> Outcome:
    """An outcome with such rows, with three readings to ask back about, or with one."""
    first = asked.candidate("SELECT name FROM customers")
    found = Rows(headings, rows, more=True)
    others = [
        Candidate(other, other, checked=first.checked, rows=Rows(["n"], [[n]], more=False))
        for n in range(2 if long_readings else 0)
        for other in [f"SELECT count(*) FROM orders WHERE status = '{n}' AND payment LIKE '%{'x_' * 150}'"]
    ]
    return asked.outcome("what", Candidate(sql, sql, checked=first.checked, rows=found), *others)


def test_a_few_rows_are_shown_where_the_first_ten_have_no_room(asked: Asked) -> None:
    headings = [f"column_{n}" for n in range(25)]
    rows: list[list[Cell]] = [[f"{n:010}" for n in range(25)] for _ in range(20)]
    text, value = present_answer(wide(asked, headings, rows, "SELECT * FROM customers"), csv=ADDRESS)
    assert 5 <= len(value.rows) < 10
    assert (value.truncated, value.csv, value.columns) == (True, ADDRESS, headings)
    assert ADDRESS in text
    assert value.sql == "SELECT\n  *\nFROM customers"


def test_rows_go_before_a_long_address_and_most_of_a_long_statement(asked: Asked) -> None:
    rows: list[list[Cell]] = [["长" * 40, n] for n in range(90)]
    plain = f"SELECT name, 1 FROM customers WHERE name <> '{'x' * 1_400}'"
    _, value = present_answer(wide(asked, ["a", "b"], rows, plain), csv=ADDRESS + "a" * 2_000)
    assert value.rows
    assert value.sql is not None
    assert value.sql.endswith("x'")
    _, value = present_answer(wide(asked, ["a", "b"], rows, f"{plain} AND name <> '{'y' * 3_000}'"))
    assert value.rows
    assert value.sql is not None
    assert value.sql.endswith("…")
    assert value.note is not None
    assert "here is its beginning" in value.note


@pytest.mark.parametrize("mark", ["\x01", "题", '"', "x"])
def test_long_headings_leave_room_for_a_row_and_the_question_back(asked: Asked, mark: str) -> None:
    headings = [f"{mark * 60}{n}" for n in range(40)]
    outcome = wide(asked, headings, [list(range(40))] * 20, "SELECT * FROM customers", long_readings=True)
    text, value = present_answer(outcome, csv=ADDRESS)
    assert size(text, value) <= 8_000
    assert value.rows
    assert value.question_back is not None
    assert "\x01" not in "".join(value.columns)


def test_the_address_of_the_rows_is_told_where_none_has_room(asked: Asked) -> None:
    headings = [f"{n}{'题' * 60}" for n in range(200)]
    text, value = present_answer(
        wide(asked, headings, [["x" * 40] * 200] * 3, "SELECT * FROM customers"), csv=ADDRESS
    )
    assert value.rows == []
    assert value.csv == ADDRESS
    assert ADDRESS in text
    assert "too long to show here" in text
    assert size(text, value) <= 8_000


@given(
    headings=st.lists(st.text(max_size=80) | st.just("\x01" * 60), min_size=1, max_size=200),
    height=st.integers(0, 30),
    cell=st.text(max_size=60) | st.just("长" * 2_000) | st.integers(),
    filling=st.sampled_from(["x", "`", "\x01", '"', "''"]),
    length=st.sampled_from([10, 900, 9_000]),
    long_readings=st.booleans(),
    address=st.none() | st.sampled_from([20, 2_000]),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_answer_is_short_enough_for_a_host_and_has_a_row_where_one_has_room(
    asked: Asked,
    headings: list[str],
    height: int,
    cell: Cell,
    filling: str,
    length: int,
    long_readings: bool,
    address: int | None,
) -> None:
    sql = f"SELECT name, '{filling * (length // len(filling))}' FROM customers"
    rows: list[list[Cell]] = [[cell] * len(headings) for _ in range(height)]
    csv = None if address is None else f"text2sql://shop/{'a' * address}/rows.csv"
    outcome = wide(asked, headings, rows, sql, long_readings=long_readings)
    text, value = present_answer(outcome, csv=csv)
    assert size(text, value) <= 8_000
    assert value.answer
    assert value.truncated
    if height and len(headings) <= 10:
        assert value.rows
