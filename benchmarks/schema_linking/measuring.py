"""Links questions and counts: gold tables found, tables chosen, tokens of the prompt, seconds."""

import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.schema_linking.questions import Question
from benchmarks.schema_linking.union import Union
from tao.models.texts import estimate_tokens
from tao_servers.text2sql.linking import Link, Linker
from tao_servers.text2sql.rendering import render
from tao_servers.text2sql.schema import Samples

__all__ = ["Leg", "measure"]

AllSamples = Mapping[str, Mapping[str, Samples]]


@dataclass(frozen=True, slots=True)
class Leg:
    """One way of linking, and whether tables on the joins between those chosen are added."""

    name: str
    linker: Linker
    closed: bool = True


@dataclass(slots=True)
class _Group:
    """The questions of one set in one language."""

    hits: list[bool] = field(default_factory=list)
    found: list[float] = field(default_factory=list)
    tables: list[int] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        ordered = sorted(self.seconds)
        return {
            "questions": len(self.hits),
            "all_gold_tables": round(statistics.mean(self.hits), 3),
            "gold_tables": round(statistics.mean(self.found), 3),
            "tables": round(statistics.mean(self.tables), 1),
            "tokens": round(statistics.mean(self.tokens)),
            "seconds_p50": round(ordered[len(ordered) // 2], 4),
            "seconds_p95": round(ordered[min(int(len(ordered) * 0.95), len(ordered) - 1)], 4),
        }


def measure(
    leg: Leg,
    questions: Sequence[Question],
    union: Union,
    samples: AllSamples,
    most_tables: int,
    tokens: Callable[[str], int] = estimate_tokens,
) -> dict[str, Any]:
    """The figures of one leg by set and language, and of all questions together."""
    groups: dict[str, _Group] = defaultdict(_Group)
    started = time.perf_counter()
    leg.linker.prepare()
    prepared = time.perf_counter() - started
    for question in questions:
        begun = time.perf_counter()
        link = leg.linker.link(question.text, most_tables=most_tables, closed=leg.closed)
        seconds = time.perf_counter() - begun
        text = render(union.schema, link.tables, samples=samples)
        for name in (f"{question.set} {question.language}", "all"):
            _count(groups[name], question, union, link, tokens(text), seconds)
    found = {name: group.figures() for name, group in groups.items()}
    whole = found["all"]
    print(
        f"{leg.name}: {whole['all_gold_tables']} of questions with {whole['tables']} tables,"
        f" {whole['tokens']} tokens, p95 {whole['seconds_p95']} s, prepared in {prepared:.1f} s",
        file=sys.stderr,
    )
    return {"prepare_seconds": round(prepared, 2), "sets": found}


def _count(group: _Group, question: Question, union: Union, link: Link, tokens: int, seconds: float) -> None:
    chosen = {table.name for table in link.tables}
    shares = [
        sum(union.name(question.database, table) in chosen for table in gold) / len(gold)
        for gold in question.gold
    ]
    group.hits.append(max(shares) == 1)
    group.found.append(max(shares))
    group.tables.append(len(link.tables))
    group.tokens.append(tokens)
    group.seconds.append(seconds)
