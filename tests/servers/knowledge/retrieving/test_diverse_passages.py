import string
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tao_servers.knowledge.index import Collection, Place, open_collection
from tao_servers.knowledge.retrieving import Candidate
from tao_servers.knowledge.retrieving.diversity import Diversify
from tests.support.two_speeds import PairsEmbedder, a_document, fill_collection

_RULE = "Visitors sign in at the front desk, show a passport and wear their badge at all times."
_AGAIN = "Visitors sign in at the front desk, show a passport and wear their badges at all times."
_THIRD = "Visitors sign in at the front desk, show a passport, and wear their badge at all times."
_OTHER = "The canteen opens at noon; who comes late gets soup."
_LEAVE = "工作满一年的员工每年有五天带薪年假，年假应当在当年的十二月底以前用完，过期作废。"


@contextmanager
def _collection(folder: Path, *documents: Sequence[str]) -> Iterator[Collection]:
    embedder = PairsEmbedder(dimension=512)
    place = Place(folder / "store")
    entries = [a_document(f"/{number}.txt", *texts) for number, texts in enumerate(documents)]
    fill_collection(place, embedder, *entries)
    with open_collection(place, embedder) as collection:
        yield collection


def _candidates(collection: Collection, step: float = 0.1) -> list[Candidate]:
    """All passages, in the order in which they were written, with scores that fall by `step`."""
    ids = sorted(collection.catalogue.indexed_ids("live"))
    passages = collection.passages(ids)
    return [Candidate(passages[id_], 1 - step * place) for place, id_ in enumerate(ids)]


def _texts(candidates: Sequence[Candidate]) -> list[str]:
    return [candidate.passage.chunk.text for candidate in candidates]


def test_a_further_version_of_a_passage_goes_behind_what_says_something_else(tmp_path: Path) -> None:
    last = "Nothing of this matters."
    with _collection(tmp_path, [_RULE], [_AGAIN], [_THIRD], [_OTHER], [_LEAVE], [last]) as collection:
        candidates = _candidates(collection)
        ordered = Diversify()("badge", candidates, 5, collection)
    assert _texts(ordered) == [_RULE, _OTHER, _AGAIN, _LEAVE, _THIRD, last]
    assert [candidate.score for candidate in ordered] == pytest.approx([1, 0.7, 0.9, 0.6, 0.8, 0.5])
    assert all([*candidate.steps] == ["diversify"] for candidate in ordered)


def test_what_matters_much_less_stays_behind_a_further_version(tmp_path: Path) -> None:
    with _collection(tmp_path, [_RULE], [_AGAIN], [_OTHER]) as collection:
        candidates = _candidates(collection)
        candidates[2] = Candidate(candidates[2].passage, 0.0)
        assert _texts(Diversify()("badge", candidates, 5, collection)) == [_RULE, _AGAIN, _OTHER]


def test_versions_that_differ_in_a_number_say_different_things(tmp_path: Path) -> None:
    seven = _LEAVE.replace("五天", "七天")
    price, other = "儿童安全座椅（带说明书和安装工具）：699元", "儿童安全座椅（带说明书和安装工具）：599元"
    with _collection(tmp_path, [_LEAVE], [seven], [price], [other], [_OTHER]) as collection:
        candidates = _candidates(collection)
        ordered = Diversify(alike=0.8)("年假", candidates, 5, collection)
    assert ordered == candidates


def test_passages_of_one_document_stay_in_their_order(tmp_path: Path) -> None:
    with _collection(tmp_path, [_RULE, _AGAIN, _THIRD], [_OTHER]) as collection:
        candidates = _candidates(collection)
        assert Diversify()("badge", candidates, 5, collection) == candidates


def test_all_relevance_leaves_the_order_as_it_is(tmp_path: Path) -> None:
    with _collection(tmp_path, [_RULE], [_AGAIN], [_OTHER]) as collection:
        candidates = _candidates(collection)
        ordered = Diversify(relevance=1)("badge", candidates, 5, collection)
    assert _texts(ordered) == _texts(candidates)


def test_equal_scores_and_few_candidates_are_no_trouble(tmp_path: Path) -> None:
    with _collection(tmp_path, [_RULE], [_AGAIN], [_OTHER]) as collection:
        stage, candidates = Diversify(), _candidates(collection, step=0.0)
        assert stage("badge", [], 5, collection) == []
        assert stage("badge", candidates[:1], 5, collection) == candidates[:1]
        assert _texts(stage("badge", candidates, 5, collection)) == [_RULE, _OTHER, _AGAIN]


def test_only_the_best_are_looked_at_and_none_is_lost(tmp_path: Path) -> None:
    others = [f"{letter * 5} {letter}" for letter in string.ascii_lowercase]
    with _collection(tmp_path, [_RULE], [_AGAIN], others, [_THIRD]) as collection:
        candidates = _candidates(collection, step=0.01)
        ordered = _texts(Diversify(relevance=0.1)("badge", candidates, 3, collection))
    assert ordered.index(_AGAIN) == 19
    assert ordered[20:] == _texts(candidates)[20:]
    assert sorted(ordered) == sorted(_texts(candidates))


def test_passages_without_vectors_are_like_nothing(tmp_path: Path) -> None:
    with _collection(tmp_path, [_RULE], [_OTHER, _OTHER], [_AGAIN]) as collection:
        repeated = max(
            id_ for source in collection.sources() for id_, _ in collection.catalogue.chunks(source.id)
        )
        passages = collection.passages(range(1, repeated + 1))
        candidates = [Candidate(passage, 1 / id_) for id_, passage in passages.items()]
        assert len(candidates) == 4
        only = [candidate for candidate in candidates if candidate.passage.chunk.text == _OTHER]
        assert Diversify()("canteen", only, 5, collection) == only
        assert sorted(_texts(Diversify()("badge", candidates, 5, collection))) == sorted(_texts(candidates))


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    texts = [_RULE, _AGAIN, _THIRD, _OTHER, _LEAVE, _LEAVE.replace("五", "七"), "。", "2024"]
    with _collection(tmp_path_factory.mktemp("many"), *[[text] for text in texts]) as collection:
        yield collection


@settings(max_examples=100, deadline=None)
@given(
    scores=st.lists(st.floats(-50, 50), min_size=8, max_size=8),
    relevance=st.floats(0, 1),
    alike=st.floats(-1, 1),
    top_k=st.integers(1, 20),
)
def test_candidates_are_only_put_into_another_order(
    many: Collection, scores: list[float], relevance: float, alike: float, top_k: int
) -> None:
    ranked = zip(_candidates(many), sorted(scores, reverse=True), strict=True)
    candidates = [candidate.rescored("fuse", score) for candidate, score in ranked]
    ordered = Diversify(relevance=relevance, alike=alike)("query", candidates, top_k, many)
    assert {c.passage.id: c.score for c in ordered} == {c.passage.id: c.score for c in candidates}
    assert len(ordered) == len(candidates)
    assert ordered[0].passage == candidates[0].passage
