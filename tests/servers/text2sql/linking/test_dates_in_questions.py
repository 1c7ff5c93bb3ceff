"""Days and periods in Chinese and English, as seen from a given day."""

import datetime
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tao_servers.text2sql.linking import find_dates

_FILE: dict[str, Any] = tomllib.loads((Path(__file__).parent / "dates.toml").read_text(encoding="utf-8"))


def _day(text: str) -> datetime.date | None:
    return datetime.date.fromisoformat(text) if text else None


@pytest.mark.parametrize(
    ("question", "words", "first", "last"), _FILE["cases"], ids=[case[0] for case in _FILE["cases"]]
)
def test_dates_are_read_as_seen_from_the_day_given(question: str, words: str, first: str, last: str) -> None:
    (match,) = find_dates(question, _FILE["as_of"])
    assert (match.words, match.first, match.last) == (words, _day(first), _day(last))
    assert question[match.first_place : match.last_place] == words


@pytest.mark.parametrize("question", _FILE["none"])
def test_what_is_no_date_is_none(question: str) -> None:
    assert find_dates(question, _FILE["as_of"]) == []


def test_without_a_day_to_count_from_only_what_needs_none_is_read() -> None:
    assert find_dates("上个月和最近30天") == []
    (match,) = find_dates("since 2020")
    assert (match.first, match.last) == (datetime.date(2020, 1, 1), None)


def test_two_years_beside_each_other_are_two_dates() -> None:
    found = find_dates("2010年和2011年开业的电影院")
    assert [match.words for match in found] == ["2010年", "2011年"]


@pytest.mark.parametrize("question", ["9999年之后", "after 9999-12-31", "0001年之前"])
def test_what_lies_beyond_the_calendar_is_left_open(question: str) -> None:
    (match,) = find_dates(question)
    assert (match.first, match.last) == (None, None)


def test_the_last_day_of_a_month_is_counted_back_to_one_that_exists() -> None:
    (match,) = find_dates("最近一个月", datetime.date(2025, 3, 31))
    assert match.first == datetime.date(2025, 2, 28)


@settings(max_examples=100, deadline=None)
@given(
    st.text(alphabet="最近上下本个月年日周季度半一三0129-/ 第前以来到Q今去", max_size=30),
    st.dates(),
)
def test_any_text_on_any_day_gives_ranges_that_are_in_order(question: str, as_of: datetime.date) -> None:
    for match in find_dates(question, as_of):
        assert match.words in question
        assert match.first is None or match.last is None or match.first <= match.last
