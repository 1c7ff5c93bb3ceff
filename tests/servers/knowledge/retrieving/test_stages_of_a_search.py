from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import pytest

from tao.errors import ConfigError
from tao.models.embeddings import Embedder
from tao.settings import KnowledgeSettings, StageName
from tao_servers.knowledge import opening
from tao_servers.knowledge.index import Place
from tao_servers.knowledge.index.collection import Collection as Opened
from tao_servers.knowledge.retrieving import Candidate, Match, Searcher, parse_where
from tao_servers.knowledge.retrieving.rewriting import Rewritten

TEXTS = {
    "leave.txt": "年假规定：员工每年有十五天年假。",
    "travel.txt": "差旅规定：高铁二等座可以报销。",
    "shoes.txt": "皮鞋 399元",
}


@pytest.fixture
def search(
    tmp_path: Path, place: Place, embedder: Embedder, fill: Callable[..., object]
) -> Callable[..., list[Match]]:
    folder = tmp_path / "texts"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    fill(folder)

    def run(query: str, *stages: StageName, **options: object) -> list[Match]:
        later: Sequence[Reversed] = (Reversed(),)
        with Searcher(place, embedder, stages=stages, later=later) as searcher:
            return searcher.search(query, **options)  # type: ignore[arg-type]

    return run


class Reversed:
    """A reranker's place, which turns the order round."""

    name = "rerank"

    def __call__(
        self, query: str, candidates: Sequence[Candidate], top_k: int, collection: Opened
    ) -> list[Candidate]:
        turned = reversed(list(candidates))
        return [candidate.rescored(self.name, float(place)) for place, candidate in enumerate(turned)]


def sources(matches: Collection[Match]) -> list[str]:
    return [match.source for match in matches]


def test_each_leg_can_be_used_alone(search: Callable[..., list[Match]]) -> None:
    assert list(search("年假", "keyword")[0].steps) == ["keyword"]
    assert list(search("年假", "dense")[0].steps) == ["dense"]
    assert list(search("年假", "dense", "keyword")[0].steps) == ["dense", "keyword", "fuse"]


def test_words_alone_find_nothing_where_there_is_no_such_word(search: Callable[..., list[Match]]) -> None:
    assert search("zebra", "keyword") == []


def test_a_later_stage_ranks_anew_and_is_left_out_where_it_is_not_named(
    search: Callable[..., list[Match]],
) -> None:
    plain = search("年假规定", "dense", "keyword")
    assert sources(search("年假规定", "dense", "keyword", "rerank")) == sources(plain)[::-1]
    assert "rerank" in search("年假规定", "dense", "rerank")[0].steps


def test_conditions_hold_for_both_legs(search: Callable[..., list[Match]]) -> None:
    where = parse_where({"source": "travel.txt"})
    for legs in (("dense",), ("keyword",), ("dense", "keyword")):
        assert sources(search("年假规定", *legs, where=where)) == ["travel.txt"]


def test_conditions_that_no_document_satisfies_leave_nothing(search: Callable[..., list[Match]]) -> None:
    assert search("年假", "dense", "keyword", where=parse_where({"source": "gone.txt"})) == []


def test_further_queries_bring_what_they_find_by_themselves(search: Callable[..., list[Match]]) -> None:
    alone = search("年假有多少天", "dense", "keyword", top_k=2)
    both = search("年假有多少天", "dense", "keyword", top_k=2, also=["皮鞋 399元"])
    assert "shoes.txt" not in sources(alone)
    assert set(sources(both)) == {"leave.txt", "shoes.txt"}


def test_a_search_without_any_leg_is_a_wrong_setting(tmp_path: Path) -> None:
    settings = KnowledgeSettings(stages=("rewrite", "refuse"), upgrade="off")
    with pytest.raises(ConfigError, match="TAO_KNOWLEDGE_STAGES"):
        opening.searcher(settings, Place(tmp_path), opening.Models(opening.embedder(settings)))


def test_of_the_same_text_one_is_found_also_where_several_queries_find_it(
    tmp_path: Path, place: Place, embedder: Embedder, fill: Callable[..., object]
) -> None:
    for title in ("休假", "出差"):
        text = f"# {title}\n\n这一章写的是{title}，人人都要知道。\n\n请先填写申请表，再交给主管批准。\n"
        (tmp_path / f"{title}.md").write_text(text, encoding="utf-8")
    fill(tmp_path / "休假.md", tmp_path / "出差.md", tokens=30)
    with Searcher(place, embedder, stages=("dense", "keyword")) as searcher:
        assert sources(searcher.search("休假 填写申请表", 1)) == ["休假.md"]
        assert sources(searcher.search("出差 填写申请表", 1)) == ["出差.md"]
        texts = [match.text for match in searcher.search("休假 填写申请表", 1, also=["出差 填写申请表"])]
        many = [match.text for match in searcher.search("休假 填写申请表", 5, also=["出差 填写申请表"])]
    assert len(texts) == 1
    assert len(many) == len(set(many))


class Even:
    """A reranker to which all passages are alike."""

    name = "even"

    def score(self, query: str, passages: Sequence[str]) -> list[float]:
        return [0.5] * len(passages)


def test_rules_count_beside_a_reranker(
    search: Callable[..., list[Match]], place: Place, embedder: Embedder
) -> None:
    rule = {"where": {"source": "shoes.txt"}, "weight": 0.1}
    models = opening.Models(embedder, reranker=Even())
    with opening.searcher(KnowledgeSettings(rules=(rule,)), place, models) as searcher:
        found = searcher.search("年假规定")
    assert found[0].source == "shoes.txt"
    assert [name for name in found[0].steps if name in ("rerank", "boost")] == ["rerank", "boost"]


def test_what_rewrites_is_told_the_languages_of_the_documents(
    search: Callable[..., list[Match]], place: Place, embedder: Embedder
) -> None:
    told: list[Sequence[str]] = []

    def rewrite(query: str, *, earlier: Sequence[str] = (), languages: Sequence[str] = ()) -> Rewritten:
        told.append(languages)
        return Rewritten((query,))

    for at in (place, Place(place.store, "none yet")):
        with Searcher(at, embedder, rewrite=rewrite) as searcher:
            searcher.rewritten("annual leave")
    assert told == [["zh"], []]
