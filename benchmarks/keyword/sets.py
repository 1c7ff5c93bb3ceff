"""Reads retrieval sets in the form of BEIR (Thakur et al. 2021)."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["RetrievalSet", "read_sets"]

_BASELINE = re.compile(r"^- dev:.*plain BM25.*?nDCG@10 ([\d.]+)", re.MULTILINE)


@dataclass(frozen=True)
class RetrievalSet:
    """Passages and questions by id, what is relevant to each question, and the README's nDCG@10 of BM25."""

    name: str
    passages: dict[str, str]
    questions: dict[str, str]
    relevant: dict[str, dict[str, float]]
    baseline: float | None


def read_sets(data: Path, limit: int | None) -> list[RetrievalSet]:
    """The sets in the folder `data`, with `limit` questions each."""
    return [_read(path.parent, limit) for path in sorted(data.glob("*/corpus.jsonl"))]


def _read(folder: Path, limit: int | None) -> RetrievalSet:
    relevant: dict[str, dict[str, float]] = {}
    for line in (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        question, passage, score = line.split("\t")
        relevant.setdefault(question, {})[passage] = float(score)
    passages = {
        row["_id"]: "\n".join(filter(None, (row.get("title"), row["text"])))
        for row in _rows(folder / "corpus.jsonl")
    }
    questions = {row["_id"]: row["text"] for row in _rows(folder / "queries.jsonl") if row["_id"] in relevant}
    readme = folder / "README.md"
    said = _BASELINE.search(readme.read_text(encoding="utf-8")) if readme.is_file() else None
    chosen = dict(list(questions.items())[:limit])
    return RetrievalSet(folder.name, passages, chosen, relevant, float(said[1]) if said else None)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)
