"""When two results say the same."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tao_servers.text2sql.limits import Cell
from tao_servers.text2sql.matching import same_result

Table = list[list[Cell]]


@pytest.mark.parametrize(
    ("gold", "rows", "same"),
    [
        ([[1, "a"], [2, "b"]], [["b", 2], ["a", 1]], True),
        ([[1, "a"], [2, "b"]], [["b", 1], ["a", 2]], False),
        ([[1], [1], [2]], [[1], [2], [2]], False),
        ([[1]], [[1.0]], True),
        ([[1]], [[True]], True),
        ([[0.1 + 0.2]], [[0.3]], True),
        ([[33.333333]], [[33.3333333333]], True),
        ([[33.33]], [[33.3333333333]], False),
        ([[0.1 + 0.2 - 0.3]], [[0]], True),
        ([[1_000_000]], [[1_000_001]], False),
        ([[1_000_000], [1_000_001]], [[1_000_001.0], [1_000_000.0]], True),
        ([["1"]], [[1]], False),
        ([["Oslo"]], [["oslo"]], False),
        ([["北京 "]], [["北京"]], False),
        ([[None]], [[None]], True),
        ([[None]], [[0]], False),
        ([[None]], [[""]], False),
        ([], [], True),
        ([[1]], [], False),
        ([[1]], [[1], [1]], False),
        ([[1]], [[1, 1]], False),
        ([[1, 1]], [[1]], False),
        ([[math.inf]], [[math.inf]], True),
        ([[math.inf]], [[1e308]], False),
        ([[math.nan]], [[math.nan]], True),
        ([[1, 1, 2], [2, 1, 1]], [[1, 2, 1], [1, 1, 2]], True),
        ([[1, 2], [2, 1]], [[1, 1], [2, 2]], False),
    ],
)
def test_rows_are_compared_whatever_the_order_of_rows_and_columns(
    gold: Table, rows: Table, same: bool
) -> None:
    assert same_result(gold, rows, ordered=False) is same
    assert same_result(rows, gold, ordered=False) is same


def test_the_order_of_rows_counts_only_where_it_is_asked_for() -> None:
    gold: Table = [[2, "b"], [1, "a"]]
    assert same_result(gold, [["b", 2], ["a", 1]], ordered=True)
    assert not same_result(gold, [["a", 1], ["b", 2]], ordered=True)
    assert same_result(gold, [["a", 1], ["b", 2]], ordered=False)


@pytest.mark.parametrize("ordered", [True, False])
def test_further_columns_are_allowed_where_a_set_says_so(ordered: bool) -> None:
    gold: Table = [["a", 1], ["b", 2]]
    more: Table = [[7, 1, "x", "a"], [7, 2, "y", "b"]]
    assert same_result(gold, more, ordered=ordered, subset=True)
    assert not same_result(gold, more, ordered=ordered)
    assert not same_result(more, gold, ordered=ordered, subset=True)
    assert not same_result([["a", 2], ["b", 1]], more, ordered=ordered, subset=True)
    assert not same_result([["a", "a"], ["b", "b"]], more, ordered=ordered, subset=True)


def test_a_column_stands_for_one_column_only() -> None:
    assert not same_result([[1, 1], [2, 2]], [[1, 2], [2, 1]], ordered=True)
    assert not same_result([[1, 1], [2, 2]], [[1, 2], [2, 1]], ordered=False)


def test_many_columns_alike_are_told_apart_without_trying_all_orders() -> None:
    # Each column has as many ones as zeros, so that nothing tells them apart but the rows as a whole.
    chooser = random.Random(1)
    columns = [chooser.sample([0, 1] * 20, 40) for _ in range(40)]
    gold: Table = [list(row) for row in zip(*columns, strict=True)]
    shuffled = chooser.sample(columns, 40)
    rows: Table = [list(row) for row in zip(*shuffled, strict=True)]
    assert same_result(gold, chooser.sample(rows, 40), ordered=False)
    rows[0][0] = 1 - int(rows[0][0] or 0)
    assert not same_result(gold, rows, ordered=False)


def test_a_comparison_that_would_take_for_ever_is_given_up() -> None:
    # Two Hadamard matrices, Sylvester's and Paley's: any two columns of one look like any two of the other,
    # and yet no order of them makes the matrices the same.
    squares = {number * number % 31 for number in range(1, 31)}
    sylvester: Table = [[(row & column).bit_count() % 2 for column in range(1, 32)] for row in range(32)]
    paley: Table = [[0] * 31]
    paley += [
        [int((column - row) % 31 in squares or row == column) for column in range(31)] for row in range(31)
    ]
    assert not same_result(sylvester, paley, ordered=False)
    assert not same_result(sylvester, [[*row, 5] for row in paley], ordered=False, subset=True)


_CELLS = st.one_of(
    st.none(), st.integers(-3, 3), st.sampled_from([0.5, -1.25, 2.0, 1e9]), st.sampled_from(["a", "", "北京"])
)


@st.composite
def _tables(draw: st.DrawFn) -> Table:
    width = draw(st.integers(1, 5))
    return draw(st.lists(st.lists(_CELLS, min_size=width, max_size=width), min_size=1, max_size=8))


@settings(max_examples=100, deadline=None)
@given(_tables(), st.randoms(use_true_random=False))
def test_a_result_is_the_same_after_any_shuffle(table: Table, chooser: random.Random) -> None:
    places = list(range(len(table[0])))
    chooser.shuffle(places)
    rows = [[row[place] for place in places] for row in table]
    assert same_result(table, rows, ordered=True)
    chooser.shuffle(rows)
    assert same_result(table, rows, ordered=False)
    assert same_result(table, [[*row, "more"] for row in rows], ordered=False, subset=True)


@settings(max_examples=100, deadline=None)
@given(_tables(), st.data())
def test_a_result_with_one_cell_changed_is_another(table: Table, data: st.DataObject) -> None:
    rows = [list(row) for row in table]
    row = data.draw(st.integers(0, len(rows) - 1))
    rows[row][data.draw(st.integers(0, len(rows[0]) - 1))] = "changed"
    assert not same_result(table, rows, ordered=False)
