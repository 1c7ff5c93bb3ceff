"""Which questions are asked, and which passages they are asked of."""

import json
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.conversations import Turn
from benchmarks.embedding.beir import RetrievalSet, read_set
from benchmarks.when_to_retrieve.matching import stands_in, words
from tao_prompts import Language

__all__ = ["MOST", "Kind", "Question", "passages", "questions"]

Kind = Literal["answerable", "no_need", "absent"]
MOST = 20
"""The most questions of a kind and language from the sets; the passages are those of so many."""

_ASKED: dict[Language, str] = {"zh": "cmrc2018_zh", "en": "hotpotqa_en"}
_ELSEWHERE: dict[Language, str] = {"zh": "xquad_zh", "en": "xquad_en"}
_PASSAGES = 60
# Whoever is asked for a sentence says it in other words, and no comparison of words would be fair.
_LONGEST: dict[Language, int] = {"zh": 10, "en": 4}
_CLOSED = frozenset({"yes", "no"})
# Several things in one can be told in any order.
_SEVERAL = re.compile(r"[、，,和与]|\band\b")


@dataclass(frozen=True, slots=True)
class Question:
    """A question; `gold` are right answers, or `check` tells one, for which no document is needed."""

    text: str
    kind: Kind
    language: Language
    gold: tuple[str, ...] = ()
    check: Turn | None = None


def questions(data: Path, limit: int) -> list[Question]:
    """The first `limit` questions of each kind and language, those of one language together.

    `answerable` ones have their answer in the collection, `absent` ones are of a set that it has nothing
    of, and `no_need` ones can be answered without documents.
    """
    own = tomllib.loads((Path(__file__).parent / "no_need.toml").read_text(encoding="utf-8"))
    found = []
    for language, asked in _ASKED.items():
        found += _of_set(data / asked, "answerable", language)[:limit]
        turns = [Turn.model_validate(row) for row in own[language]]
        found += [Question(turn.question, "no_need", language, check=turn) for turn in turns[:limit]]
        found += _of_set(data / _ELSEWHERE[language], "absent", language)[:limit]
    return found


def passages(data: Path) -> dict[str, str]:
    """The texts of the collection by id: what the answerable questions need, and others of the same sets.

    They are the same for any number of questions, so that replies kept on disk stay of use.
    """
    chosen = {}
    for language, name in _ASKED.items():
        whole = read_set(data / name)
        needed = {
            id_: None for query in _usable(whole, data / name, language) for id_ in whole.relevant[query]
        }
        others = _spread([id_ for id_ in whole.passages if id_ not in needed], _PASSAGES - len(needed))
        for id_ in (*needed, *others):
            chosen[id_] = whole.passages[id_]
    return chosen


def _of_set(folder: Path, kind: Kind, language: Language) -> list[Question]:
    whole = read_set(folder)
    gold = _gold(folder)
    return [
        Question(whole.queries[query], kind, language, gold[query])
        for query in _usable(whole, folder, language)
    ]


def _usable(whole: RetrievalSet, folder: Path, language: Language) -> list[str]:
    """The ids of questions with a short answer that their passages have and they themselves have not.

    One of a passage, and from all over the set.
    """
    gold = _gold(folder)
    by_passage: dict[str, str] = {}
    for query, relevant in whole.relevant.items():
        answers = gold[query]
        text = " ".join(whole.passages[id_] for id_ in sorted(relevant))
        brief = all(len(words(one)) <= _LONGEST[language] for one in answers)
        plain = not any(one.casefold() in _CLOSED or _SEVERAL.search(one) for one in answers)
        if brief and plain and stands_in(answers, text) and not stands_in(answers, whole.queries[query]):
            by_passage.setdefault(min(relevant), query)
    return _spread(list(by_passage.values()), MOST)


def _gold(folder: Path) -> dict[str, tuple[str, ...]]:
    with (folder / "queries.jsonl").open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return {row["_id"]: tuple(row["answers"]) for row in rows}


def _spread(ids: Sequence[str], count: int) -> list[str]:
    """At most `count` of them, at equal distances."""
    if count <= 0:
        return []
    return [ids[n * len(ids) // count] for n in range(count)] if len(ids) > count else list(ids)
