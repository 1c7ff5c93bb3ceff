"""Measures one set: takes it in, asks its questions of servers with different stages, and counts."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from benchmarks.retrieval.asking import Found, ask
from benchmarks.retrieval.beside import Peers
from benchmarks.retrieval.figures import METRICS, columns, quality, refused, times
from benchmarks.retrieval.records import Corpus, without
from benchmarks.retrieval.sets import baseline, questions, sampled, strangers
from benchmarks.retrieval.taking_in import Collection, take_in, upgrades
from tao.settings import StageName
from tao_servers.knowledge.evaluating.dataset import Dataset

__all__ = ["Measured", "Wishes", "measure"]

_REFUSALS = 100
_FEW = 10
_LEGS: dict[str, tuple[StageName, ...]] = {
    "keyword": ("keyword",),
    "dense": ("dense",),
    "fused": ("dense", "keyword"),
}
_RERANKED: tuple[StageName, ...] = ("dense", "keyword", "rerank")


@dataclass(frozen=True)
class Wishes:
    """What is measured; `reranker` are the variables that name one, none where none is set."""

    cache: Path
    limit: int | None
    ablate: bool
    near_misses: bool
    reranker: Mapping[str, str]


@dataclass(frozen=True)
class Measured:
    """The numbers of one set."""

    figures: dict[str, Any]
    refusal: dict[str, Any]


def measure(name: str, sets: Mapping[str, Dataset], wishes: Wishes, peers: Peers) -> Measured:
    """Measure the set `name`; the others lend it questions that it cannot answer.

    Raises:
        BenchmarkError: a command or the server failed.
    """
    dataset = sets[name]
    corpus = Corpus(dataset.corpus_file.read_bytes())
    asked = sampled(questions(dataset), wishes.limit, seed=name)
    _say(f"{name}: {len(asked)} questions, {len(corpus.texts)} records")
    collection = take_in(corpus.data, wishes.cache)
    collection.wait()
    _say(f"{name}: taken in, {collection.seconds}")
    runs = _runs(collection, asked, corpus, wishes)
    default = runs["default"]
    found = {column: quality(_ranked(run), dataset.relevances) for column, run in runs.items()}
    for peer, ranked in peers.found(name, corpus.texts, asked).items():
        found[peer] = quality(ranked, dataset.relevances)
    for column, values in found.items():
        _say(f"{name}: {column} {' '.join(f'{metric} {values[metric][0]:.3f}' for metric in METRICS)}")
    figures = columns(found) | times([one.milliseconds for one in default.values()])
    figures |= {"queries": len(asked), "readme_bm25_ndcg10": baseline(dataset)}
    figures |= _counts(runs) | collection.seconds
    if wishes.ablate:
        figures["ablate"] = _ablated(collection, asked, corpus, dataset, wishes)
    return Measured(figures, _refusal(name, sets, collection, corpus, default, wishes))


def _runs(
    collection: Collection, asked: Mapping[str, str], corpus: Corpus, wishes: Wishes
) -> dict[str, dict[str, Found]]:
    # The default first: what a server keeps for the next one must not make it faster.
    default = ask(collection.server(**wishes.reranker), asked, corpus)
    legs = {
        column: ask(collection.server(**_only(*stages)), asked, corpus) for column, stages in _LEGS.items()
    }
    if upgrades():
        # What a user gets until the stronger embedder has been through everything.
        legs["before_upgrade"] = ask(collection.server(TAO_KNOWLEDGE_UPGRADE="off"), asked, corpus)
    if wishes.reranker:
        reranking = collection.server(**_only(*_RERANKED), **wishes.reranker)
        legs["fused+rerank"] = ask(reranking, asked, corpus)
    return legs | {"default": default}


def _ablated(
    collection: Collection, asked: Mapping[str, str], corpus: Corpus, dataset: Dataset, wishes: Wishes
) -> dict[str, Any]:
    """The default less each stage."""
    all_stages = get_args(StageName)
    figures = {}
    for left_out in all_stages:
        stages = _only(*(stage for stage in all_stages if stage != left_out))
        run = ask(collection.server(**stages, **wishes.reranker), asked, corpus)
        values = quality(_ranked(run), dataset.relevances)
        figures[left_out] = {metric: values[metric][0] for metric in METRICS} | times(
            [one.milliseconds for one in run.values()]
        )
        _say(f"{dataset.name}: without {left_out} {figures[left_out]}")
    return figures


def _refusal(
    name: str,
    sets: Mapping[str, Dataset],
    collection: Collection,
    corpus: Corpus,
    default: Mapping[str, Found],
    wishes: Wishes,
) -> dict[str, Any]:
    most = min(_REFUSALS, wishes.limit or _REFUSALS)
    strange = strangers(name, sets, most)
    found = ask(collection.server(**wishes.reranker), strange, corpus)
    shares = {"out_of_corpus": _none(found), "answerable": _none(default)}
    if wishes.near_misses:
        shares["near_misses"] = _near_misses(name, sets[name], corpus, most, wishes)
    _say(f"{name}: refused {json.dumps(shares)}")
    return shares


def _near_misses(name: str, dataset: Dataset, corpus: Corpus, most: int, wishes: Wishes) -> dict[str, Any]:
    """How many of the set's own questions are refused once all that is relevant to them is gone."""
    asked = sampled(questions(dataset), most, seed=f"{name} near")
    relevant = {id_ for query in asked for id_, grade in dataset.relevances[query].items() if grade > 0}
    rest = Corpus(without(corpus.data, relevant))
    collection = take_in(rest.data, wishes.cache)
    collection.wait()
    return _none(ask(collection.server(**wishes.reranker), asked, rest))


def _none(found: Mapping[str, Found]) -> dict[str, Any]:
    return refused(one.passages for one in found.values())


def _only(*stages: StageName) -> dict[str, str]:
    return {"TAO_KNOWLEDGE_STAGES": json.dumps(stages)}


def _ranked(run: Mapping[str, Found]) -> dict[str, list[str]]:
    return {id_: one.records for id_, one in run.items()}


def _counts(runs: Mapping[str, Mapping[str, Found]]) -> dict[str, Any]:
    """Questions with fewer than ten records, and passages whose line named another record than theirs."""

    def count(weight: Callable[[Found], int]) -> dict[str, int]:
        return {column: sum(map(weight, run.values())) for column, run in runs.items()}

    return {
        "fewer_than_10_records": count(lambda one: len(one.records) < _FEW),
        "misplaced": count(lambda one: one.misplaced),
    }


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
