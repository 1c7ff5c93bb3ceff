import io
from collections.abc import Sequence
from pathlib import Path

import pytest

from tao_servers.knowledge.evaluating.ablation import Variant, ablate, variants
from tao_servers.knowledge.evaluating.dataset import DatasetError, read_dataset
from tao_servers.knowledge.evaluating.run import Question, ask_all, questions
from tao_servers.knowledge.evaluating.table import ablation_table, measures_table
from tao_servers.knowledge.retrieving import Match
from tao_servers.serving.tables import show
from tests.support.beir_sets import a_beir_set


class Found:
    """Finds passages of these documents, in this order; keeps how many were asked for."""

    def __init__(self, **documents: str) -> None:
        self.documents = documents
        self.asked: list[int] = []

    def __call__(self, query: str, top_k: int) -> Sequence[Match]:
        self.asked.append(top_k)
        found = self.documents.get(query, "")
        return [Match(text=name, source=name, path=name, line=1, score=1.0) for name in found][:top_k]


A, B = Question("1", "one", {"a": 1}), Question("2", "two", {"b": 1, "x": 0})


def test_each_query_is_scored_by_the_documents_found() -> None:
    done: list[None] = []
    scores = ask_all(Found(one="ab", two="ab"), [A, B], 10, done=lambda: done.append(None))
    assert len(done) == len(scores.milliseconds) == 2
    assert (scores.values["mrr@10"], scores.values["hit@1"]) == ([1, 0.5], [1, 0])
    assert (scores.values["recall@1"], scores.values["recall@20"]) == ([1, 0], [1, 1])
    assert list(scores.values) == [
        "ndcg@10", "recall@1", "recall@5", "recall@10", "recall@20", "mrr@10", "hit@1"
    ]  # fmt: skip
    assert 0 <= scores.p50 <= scores.p95


def test_passages_of_one_document_count_once_and_more_are_asked_for() -> None:
    search = Found(one="b" * 20 + "a")
    assert ask_all(search, [A], 10, done=lambda: None).values["mrr@10"] == [0.5]
    assert search.asked == [20, 80]
    few = Found(one="bba")
    ask_all(few, [A], 50, done=lambda: None)
    assert few.asked == [50]


def test_nothing_found_is_counted_apart_for_what_has_no_answer() -> None:
    none = Question("3", "three", {"a": 0})
    scores = ask_all(Found(two="b"), [A, B, none], 10, done=lambda: None)
    assert (scores.nothing, scores.unanswerable, scores.refused) == (1, 1, 1)
    assert scores.values["hit@1"] == [0, 1]
    assert scores.as_json()["unanswerable"] == {"queries": 1, "refused": 1}


def test_queries_with_judgements_are_asked_in_their_order(tmp_path: Path) -> None:
    dataset = read_dataset(a_beir_set(tmp_path, judged=[("q3", "d3", 1), ("q1", "d1", 1)]))
    assert [question.id for question in questions(dataset)] == ["q1", "q3"]
    assert [question.id for question in questions(dataset, 1)] == ["q1"]


def test_a_set_without_anything_relevant_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="For none of 1 queries"):
        questions(read_dataset(a_beir_set(tmp_path, judged=[("q1", "d1", 0)])))


def test_each_stage_is_left_out_once() -> None:
    named = {variant.name: variant.stages for variant in variants(["dense", "keyword", "rerank"])}
    assert named == {
        "all stages": ("dense", "keyword", "rerank"),
        "without dense": ("keyword", "rerank"),
        "without keyword": ("dense", "rerank"),
        "without rerank": ("dense", "keyword"),
        "keyword alone": ("keyword",),
        "dense alone": ("dense",),
    }
    assert [variant.name for variant in variants(["keyword"])] == ["all stages"]


def _rows() -> list[str]:
    scores = {
        "all stages": ask_all(Found(one="a", two="b"), [A, B], 10, done=lambda: None),
        "without dense": ask_all(Found(one="ba", two="b"), [A, B], 10, done=lambda: None),
    }
    wanted = [Variant("all stages", ("dense", "keyword")), Variant("without dense", ("keyword",))]
    rows = ablate(wanted, lambda variant: scores[variant.name])
    assert rows[1].as_json()["differences"]["mrr@10"] == {"mean": -0.25, "low": -0.5, "high": 0.0}
    out = io.StringIO()
    show(measures_table(rows[0].scores), out)
    show(ablation_table(rows, "ndcg@10", ["hit@1"]), out)
    return out.getvalue().splitlines()


def test_tables_are_plain_text_where_no_terminal_is() -> None:
    lines = _rows()
    assert lines[0].split() == ["measure", "mean", "95", "%", "interval"]
    assert lines[1] == "ndcg@10    1.000  1.000 to 1.000"
    assert lines[-1].startswith("without dense  0.815    0.631 to 1.000  -0.185      -0.369 to +0.000  0.500")
    assert all(line == line.rstrip() for line in lines)
