"""Which results count as one, and which of them goes first."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tao_servers.text2sql.answering.candidate import Candidate
from tao_servers.text2sql.answering.voting import agree, readings
from tao_servers.text2sql.checking import Problem
from tao_servers.text2sql.limits import Cell, Rows

Table = list[list[Cell]]


def gave(*rows: list[Cell], more: bool = False, sql: str = "SELECT", mends: int = 0) -> Candidate:
    columns = [f"c{number}" for number in range(len(rows[0]) if rows else 1)]
    return Candidate(sql, sql, ("Mended a name.",) * mends, rows=Rows(columns, list(rows), more))


def failed(sql: str = "SELECT") -> Candidate:
    return Candidate(sql, sql, problem=Problem("syntax", "It cannot be read."))


SAME: list[tuple[Table, Table]] = [
    ([[1, "a"], [2, "b"]], [[2, "b"], [1, "a"]]),
    ([[1, "a"], [2, "b"]], [["a", 1], ["b", 2]]),
    ([[1, "a"], [2, "b"]], [["b", 2], ["a", 1]]),
    ([["c", "a"], ["a", "b"], ["b", "c"]], [["a", "b"], ["b", "c"], ["c", "a"]]),
    ([[1], [1], [2]], [[2], [1], [1]]),
    ([[3]], [[3.0]]),
    ([[0.1 + 0.2]], [[0.3]]),
    ([[1 / 3]], [[0.33333333333]]),
    ([[0.0]], [[-0.0]]),
    ([[None, 1]], [[1, None]]),
    ([[True]], [[1]]),
    ([], []),
]
OTHER: list[tuple[Table, Table]] = [
    ([[1]], [[2]]),
    ([[1], [1]], [[1]]),
    ([[1], [1], [2]], [[1], [2], [2]]),
    ([[1, 2]], [[1]]),
    ([[1, 2], [2, 1]], [[1, 1], [2, 2]]),
    ([[1, 1], [2, 2]], [[1, 2], [2, 1]]),
    ([[1, 1, 2]], [[1, 2, 2]]),
    ([["1"]], [[1]]),
    ([["None"]], [[None]]),
    ([[None]], [[0]]),
    ([[""]], [[None]]),
    ([["a"]], [["A"]]),
    ([[1.5]], [[1.6]]),
    ([], [[None]]),
    ([[13800000001]], [[13800000002]]),
    ([[2**53]], [[2**53 - 1]]),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_results_that_differ_only_in_their_form_agree(one: Table, other: Table) -> None:
    assert agree(gave(*one), gave(*other))
    assert agree(gave(*other), gave(*one))


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_results_of_other_values_do_not_agree(one: Table, other: Table) -> None:
    assert not agree(gave(*one), gave(*other))
    assert not agree(gave(*other), gave(*one))


def test_a_result_that_goes_on_is_another_than_one_that_does_not() -> None:
    assert not agree(gave([1]), gave([1], more=True))
    assert agree(gave([1], more=True), gave([1], more=True))


def test_what_did_not_run_agrees_with_nothing() -> None:
    assert not agree(failed(), failed())
    assert not agree(failed(), gave([1]))
    assert not agree(gave([1]), failed())


_CELLS: st.SearchStrategy[Cell] = st.one_of(
    st.none(), st.integers(-3, 3), st.sampled_from(["", "a", "b", "订单"]), st.sampled_from([0.5, 1.25])
)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 4), st.integers(0, 6), st.data(), st.randoms(use_true_random=False))
def test_no_order_of_rows_or_columns_makes_it_another_result(
    width: int, height: int, data: st.DataObject, chance: random.Random
) -> None:
    row = st.lists(_CELLS, min_size=width, max_size=width)
    rows = data.draw(st.lists(row, min_size=height, max_size=height))
    order = list(range(width))
    chance.shuffle(order)
    other = [[one[place] for place in order] for one in rows]
    chance.shuffle(other)
    assert agree(gave(*rows), gave(*other))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(_CELLS, min_size=2, max_size=2), min_size=1, max_size=5))
def test_one_row_more_makes_it_another_result(rows: Table) -> None:
    assert not agree(gave(*rows), gave(*rows, rows[0]))


def test_the_result_with_most_votes_goes_first() -> None:
    found = readings([gave([1], sql="a"), gave([2], sql="b"), failed("c"), gave([2.0], sql="d")])
    assert [(one.candidate.sql, one.votes) for one in found] == [("b", 2), ("a", 1)]


def test_a_result_with_values_goes_before_those_without() -> None:
    tables: list[Table] = [[], [[None]], [[None, None]]]
    for table in tables:
        nothing = gave(*table, sql="nothing")
        found = readings([nothing, nothing, gave([1], sql="one")])
        assert [(one.candidate.sql, one.votes) for one in found] == [("one", 1), ("nothing", 2)]


def test_with_as_many_votes_the_one_that_was_mended_less_goes_first_and_then_the_first() -> None:
    found = readings([gave([1], sql="a", mends=2), gave([2], sql="b", mends=1), gave([3], sql="c", mends=1)])
    assert [one.candidate.sql for one in found] == ["b", "c", "a"]


def test_a_result_is_told_by_the_candidate_that_was_mended_least() -> None:
    found = readings([gave([1], sql="a", mends=2), gave([1], sql="b"), gave([1], sql="c")])
    assert [(one.candidate.sql, one.votes) for one in found] == [("b", 3)]


def test_of_nothing_there_are_no_readings() -> None:
    assert readings([]) == ()
    assert readings([failed(), failed()]) == ()


def test_wide_and_long_results_are_compared_whole() -> None:
    rows: Table = [[row * 200 + column for column in range(200)] for row in range(100)]
    turned: Table = [list(reversed(row)) for row in reversed(rows)]
    assert agree(gave(*rows), gave(*turned))
    turned[50][7] = -1
    assert not agree(gave(*rows), gave(*turned))
