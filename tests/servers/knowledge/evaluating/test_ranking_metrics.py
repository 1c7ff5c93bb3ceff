import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tao_servers.knowledge.evaluating.metrics import hit, interval, mrr, ndcg, percentile, recall

IDS = st.lists(st.sampled_from("abcdefgh"), max_size=12)
GRADES = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(-2, 3))


def test_a_graded_ranking_scores_as_worked_out_by_hand() -> None:
    ranked, grades = ["a", "b", "c", "d"], {"b": 2, "d": 1, "e": 3, "a": 0, "c": -1}
    gained = 2 / math.log2(3) + 1 / math.log2(5)
    best = 3 / math.log2(2) + 2 / math.log2(3) + 1 / math.log2(4)
    assert ndcg(ranked, grades, 10) == pytest.approx(gained / best)
    assert ndcg(ranked, grades, 2) == pytest.approx((2 / math.log2(3)) / (3 + 2 / math.log2(3)))
    assert recall(ranked, grades, 4) == pytest.approx(2 / 3)
    assert recall(ranked, grades, 1) == 0
    assert (mrr(ranked, grades, 10), mrr(ranked, grades, 1)) == (0.5, 0)
    assert (hit(ranked, grades), hit(ranked, grades, 2)) == (0, 1)


# Values of trec_eval by pytrec_eval-terrier 0.5.11, for a ranking in this order.
@pytest.mark.parametrize(
    ("ranked", "grades", "k", "expected"),
    [
        ("abcd", {"b": 2, "d": 1, "e": 3}, 10, 0.35543595158098623),
        ("hgfedcba", {"a": 1, "c": 2, "f": 3, "z": 1}, 5, 0.2888761832677832),
        ("abc", {"a": 1, "b": 1, "c": 1}, 10, 1.0),
    ],
)
def test_the_discounted_gain_is_that_of_trec_eval(
    ranked: str, grades: dict[str, int], k: int, expected: float
) -> None:
    assert ndcg(list(ranked), grades, k) == pytest.approx(expected, abs=1e-9)


def test_nothing_found_or_nothing_relevant_scores_nothing() -> None:
    for ranked, grades in (([], {"a": 1}), (["a"], {}), (["a"], {"a": 0}), ([], {})):
        assert [measure(ranked, grades, 10) for measure in (ndcg, recall, mrr, hit)] == [0, 0, 0, 0]


@settings(max_examples=100, deadline=None)
@given(IDS, GRADES, st.integers(1, 10))
def test_every_measure_is_between_nothing_and_one(ranked: list[str], grades: dict[str, int], k: int) -> None:
    for measure in (ndcg, recall, mrr, hit):
        assert 0 <= measure(ranked, grades, k) <= 1 + 1e-12


@settings(max_examples=100, deadline=None)
@given(GRADES.filter(lambda grades: any(grade > 0 for grade in grades.values())))
def test_the_best_order_scores_one(grades: dict[str, int]) -> None:
    best = sorted(grades, key=lambda id_: -grades[id_])
    for measure in (ndcg, recall, mrr, hit):
        assert measure(best, grades, 10) == pytest.approx(1)


def test_an_id_that_stands_twice_counts_at_its_first_place() -> None:
    assert ndcg(["x", "x", "a"], {"a": 1}, 2) == ndcg(["x", "a"], {"a": 1}, 2)
    assert recall(["a", "a"], {"a": 1, "b": 1}, 2) == 0.5


def test_an_interval_holds_the_mean_and_is_the_same_each_time() -> None:
    values = [number / 100 for number in range(101)]
    mean, low, high = interval(values)
    assert mean == pytest.approx(0.5)
    assert 0.41 < low < 0.47 < 0.53 < high < 0.59
    assert interval(values) == (mean, low, high)
    assert interval(values, seed=1) != (mean, low, high)
    assert interval(values, confidence=0.5)[1] > low


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(-1, 1), min_size=1, max_size=30))
def test_the_bounds_are_around_the_mean(values: list[float]) -> None:
    mean, low, high = interval(values)
    assert low <= mean <= high


def test_a_percentile_is_one_of_the_values() -> None:
    values = [float(number) for number in range(100, 0, -1)]
    assert (percentile(values, 0.5), percentile(values, 0.95), percentile(values, 1)) == (50, 95, 100)
    assert percentile([7], 0) == 7


def test_no_values_have_no_mean() -> None:
    with pytest.raises(ValueError, match="no values"):
        interval([])
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)
