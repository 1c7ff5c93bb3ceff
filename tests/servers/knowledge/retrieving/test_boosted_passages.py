from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from tao.errors import ConfigError
from tao_servers.knowledge.document import Document
from tao_servers.knowledge.index import Collection, Entry, Place, open_collection
from tao_servers.knowledge.retrieving import Candidate, parse_where
from tao_servers.knowledge.retrieving.boosting import Boost, Recency, Rule, parse_rules
from tao_servers.knowledge.retrieving.candidates import Stage
from tests.support.two_speeds import PairsEmbedder, a_document, fill_collection

_NOW = datetime(2024, 5, 31, 12).timestamp()


def _entry(name: str, document: Document, **attributes: str) -> Entry:
    entry = a_document(f"/{name}.txt", f"What {name} says.")
    document = replace(document, text=entry.document.text)
    tags = {key: [value] for key, value in attributes.items()}
    return replace(entry, document=document, attributes=tags)


@pytest.fixture
def collection(place: Place) -> Iterator[Collection]:
    embedder = PairsEmbedder()
    fill_collection(
        place,
        embedder,
        _entry("new", Document("", modified="2024-05-31T09:00:00"), due="2024-05-01"),
        _entry("old", Document("", modified="2024-05-01"), tag="官方"),
        _entry("undated", Document("")),
        _entry("coming", Document("", modified="2030-01-01"), due="no date"),
    )
    with open_collection(place, embedder) as collection:
        yield collection


def _candidates(collection: Collection, **scores: float) -> list[Candidate]:
    """A candidate of each named document, with its score."""
    sources = {source.source: source.id for source in collection.sources()}
    found = []
    for name, score in scores.items():
        [(chunk, _)] = collection.catalogue.chunks(sources[f"/{name}.txt"])
        passage = collection.passages([chunk])[chunk]
        found.append(Candidate(passage, score, {"fuse": score}))
    return found


def _boosted(stage: Stage, collection: Collection, candidates: list[Candidate]) -> dict[str, float]:
    ranked = stage("query", candidates, 5, collection)
    return {candidate.passage.source[1:-4]: candidate.score for candidate in ranked}


def test_a_rule_puts_the_passages_of_its_documents_before_others(collection: Collection) -> None:
    candidates = _candidates(collection, new=0.6, undated=0.55, old=0.5)
    stage = Boost([Rule(parse_where({"tag": "官方"}), 0.2)])
    assert _boosted(stage, collection, candidates) == pytest.approx({"old": 0.7, "new": 0.6, "undated": 0.55})
    assert [*stage("query", candidates, 5, collection)[0].steps] == ["fuse", "boost"]
    assert [candidate.score for candidate in candidates] == [0.6, 0.55, 0.5]


def test_a_rule_can_take_away(collection: Collection) -> None:
    candidates = _candidates(collection, old=0.6, new=0.55)
    stage = Boost([Rule(parse_where({"tag": "官方"}), -0.1)])
    assert _boosted(stage, collection, candidates) == pytest.approx({"new": 0.55, "old": 0.5})


def test_what_is_newer_gets_more_and_what_has_no_date_nothing(collection: Collection) -> None:
    candidates = _candidates(collection, new=0.5, old=0.5, undated=0.5, coming=0.5)
    stage = Boost([Recency("modified", 30, 0.2)], now=lambda: _NOW)
    expected = {"new": 0.7, "coming": 0.7, "old": 0.6, "undated": 0.5}
    assert _boosted(stage, collection, candidates) == pytest.approx(expected)


def test_a_tag_can_be_the_date(collection: Collection) -> None:
    candidates = _candidates(collection, new=0.5, coming=0.5)
    stage = Boost([Recency("Due", 30, 0.2)], now=lambda: _NOW)
    assert _boosted(stage, collection, candidates) == pytest.approx({"new": 0.6, "coming": 0.5})


def test_the_day_on_which_a_document_was_added_can_count(collection: Collection) -> None:
    candidates = _candidates(collection, undated=0.5)
    stage = Boost([Recency("added", 1, 0.2)], now=lambda: _NOW)
    assert _boosted(stage, collection, candidates) == pytest.approx({"undated": 0.7})


def test_rules_add_up_and_equal_scores_keep_their_order(collection: Collection) -> None:
    candidates = _candidates(collection, undated=0.5, old=0.25, coming=0.5)
    stage = parse_rules(
        [
            {"where": {"source": "old.txt"}, "weight": 0.125},
            {"where": {"modified": {"range": ["2024-05", "2024-05"]}}, "weight": 0.125},
        ]
    )
    assert stage is not None
    boosted = _boosted(stage, collection, candidates)
    assert [*boosted] == ["undated", "old", "coming"]
    assert boosted == pytest.approx(dict.fromkeys(boosted, 0.5))


def test_nothing_to_rank_stays_nothing(collection: Collection) -> None:
    assert Boost([Recency("created", 1, 0.2)])("query", [], 5, collection) == []


def test_settings_say_the_rules() -> None:
    stage = parse_rules(
        [
            {"where": {"tag": "官方"}, "weight": 1, "newer": None, "half_life_days": None},
            {"newer": "modified", "half_life_days": 90, "weight": 0.1},
            {"newer": "Due", "weight": 0.1},
        ]
    )
    assert stage is not None
    assert stage.rules == (
        Rule(parse_where({"tag": "官方"}), 1.0),
        Recency("modified", 90.0, 0.1),
        Recency("due", 180.0, 0.1),
    )


def test_without_rules_there_is_no_stage() -> None:
    assert parse_rules([]) is None


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({}, "it has nothing. Write where = {tag"),
        ({"where": {"tag": "x"}}, "it has 'where'"),
        ({"where": {"tag": "x"}, "newer": "created", "weight": 0.1}, "it has 'newer', 'weight', 'where'"),
        ({"where": {"tag": "x"}, "weight": 0.1, "half_life_days": 3}, "it has 'half_life_days'"),
        ({"where": {"created": {"gte": 1}}, "weight": 0.1}, "Unknown operation 'gte'"),
        ({"where": {}, "weight": 0.1}, "no condition"),
        ({"where": "tag", "weight": 0.1}, "object of conditions"),
        ({"where": {"tag": "x"}, "weight": 2}, "weight is 2, and must be a number from -1 to 1"),
        ({"where": {"tag": "x"}, "weight": float("nan")}, "weight is nan"),
        ({"where": {"tag": "x"}, "weight": "much"}, "weight is 'much'"),
        ({"where": {"tag": "x"}, "weight": True}, "weight is True"),
        ({"newer": "modified", "half_life_days": 0, "weight": 0.1}, "half_life_days is 0"),
        ({"newer": 5, "weight": 0.1}, "newer is the name of a date"),
        ("newer", "it has nothing"),
    ],
)
def test_a_wrong_rule_is_named(rule: Mapping[str, Any], told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_rules([{"newer": "added", "weight": 0.1}, rule])
    assert "rule 2 of [[knowledge.rules]]" in str(caught.value)
    assert told in str(caught.value)
