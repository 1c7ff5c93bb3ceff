import math

from hypothesis import given
from hypothesis import strategies as st

from tao.models.embeddings import BundledEmbedder
from tao_servers.knowledge.retrieving.fusion import Fused, fuse, words_weight

SAME, OTHER = (lambda id_: 1.0), (lambda id_: 0.0)


def ids(fused: list[Fused]) -> list[int]:
    return [one.id for one in fused]


def test_what_both_have_found_comes_before_what_one_has() -> None:
    fused = fuse([(1, 0.8), (2, 0.7), (4, 0.1)], [(3, 0.5), (2, 0.45)], weight=0.5, alike=SAME)
    assert ids(fused)[0] == 2


def test_the_best_of_a_few_weak_words_does_not_outrank_what_is_near() -> None:
    fused = fuse([(1, 0.9), (2, 0.2)], [(2, 0.05)], weight=0.7, alike=SAME)
    assert ids(fused) == [1, 2]


def test_a_passage_in_another_language_is_not_blamed_for_words_that_it_cannot_have() -> None:
    nearest, matching = [(1, 0.6), (2, 0.3)], [(2, 0.2)]
    assert ids(fuse(nearest, matching, weight=0.7, alike=SAME)) == [2, 1]
    assert ids(fuse(nearest, matching, weight=0.7, alike=lambda id_: float(id_ == 2))) == [1, 2]


def test_words_that_are_the_same_in_both_languages_count_across_them() -> None:
    fused = fuse([(1, 0.4), (2, 0.4)], [(2, 0.6)], weight=0.6, alike=OTHER)
    assert ids(fused) == [2, 1]


def test_each_step_is_told_and_only_where_it_took_place() -> None:
    fused = {one.id: one for one in fuse([(1, 0.8)], [(2, 0.5)], weight=0.6, alike=SAME)}
    assert list(fused[1].steps) == ["dense", "fuse"]
    assert list(fused[2].steps) == ["keyword", "fuse"]
    assert fused[2].steps["fuse"] == fused[2].score
    assert math.isclose(fused[2].score, 0.4 * 0.8 + 0.6 * 0.5)


def test_words_count_more_beside_the_weaker_of_the_bundled_embedders() -> None:
    assert words_weight(BundledEmbedder.name) > words_weight("any other")


scores = st.dictionaries(st.integers(0, 30), st.floats(-1, 1), max_size=20)


@given(scores, scores, st.floats(0, 1), st.floats(0, 1))
def test_every_chunk_comes_once_and_the_best_first(
    near: dict[int, float], words: dict[int, float], weight: float, same: float
) -> None:
    nearest = sorted(near.items(), key=lambda pair: -pair[1])
    matching = [(id_, abs(score)) for id_, score in words.items()]
    fused = fuse(nearest, matching, weight=weight, alike=lambda id_: same)
    assert sorted(ids(fused)) == sorted({*near, *words})
    assert [one.score for one in fused] == sorted((one.score for one in fused), reverse=True)


def test_beside_passages_in_another_language_the_same_may_be_said_without_the_questions_words() -> None:
    nearest = [(1, 0.28), (2, 0.15)]
    other = {1: 1.0, 2: 0.0}.__getitem__
    assert ids(fuse(nearest, [], weight=0.7, alike=other, mixed=True)) == [1, 2]
