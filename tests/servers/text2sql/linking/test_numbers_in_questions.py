"""Numbers in words and with units, in Chinese and English."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tao_servers.text2sql.linking import find_numbers

_CASES: list[Any] = tomllib.loads((Path(__file__).parent / "numbers.toml").read_text(encoding="utf-8"))[
    "cases"
]


@pytest.mark.parametrize(("question", "expected"), _CASES, ids=[case[0] for case in _CASES])
def test_numbers_are_read_as_a_statement_needs_them(question: str, expected: list[list[Any]]) -> None:
    assert [[match.words, match.value] for match in find_numbers(question)] == expected


def test_whole_numbers_stay_whole() -> None:
    (match,) = find_numbers("1.1万")
    assert isinstance(match.value, int)


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="零一二两三十百千万亿点成分之前个 1.5,%kmb-几半多 hundred and two", max_size=40))
def test_any_text_gives_finite_numbers_that_stand_in_it(question: str) -> None:
    for match in find_numbers(question):
        assert match.words in question
        assert match.value >= 0


def test_a_long_run_of_numerals_is_read_in_bounded_time() -> None:
    assert find_numbers("亿" * 5_000) == []
    assert find_numbers("9" * 5_000) == []
