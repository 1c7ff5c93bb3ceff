"""Retrieval sets in BEIR form: a folder with corpus.jsonl, queries.jsonl and qrels.tsv."""

import json
from dataclasses import dataclass
from pathlib import Path

__all__ = ["RetrievalSet", "read_set", "read_texts"]

# As long as the passages of a collection are at most; the models read about as much.
_CHARS = 1500


@dataclass(frozen=True, slots=True)
class RetrievalSet:
    """Passages and queries, text by id, and the ids of the passages that answer a query."""

    passages: dict[str, str]
    queries: dict[str, str]
    relevant: dict[str, set[str]]


def read_texts(path: Path, limit: int | None = None) -> dict[str, str]:
    """The texts of a JSON Lines file by their id, each under its title, cut at 1,500 characters."""
    texts: dict[str, str] = {}
    with path.open(encoding="utf-8") as lines:
        for _, line in zip(range(limit or 10**9), lines, strict=False):
            entry = json.loads(line)
            texts[entry["_id"]] = f"{entry.get('title') or ''}\n{entry['text']}".strip()[:_CHARS]
    return texts


def read_set(folder: Path, limit: int | None = None) -> RetrievalSet:
    """The set in a folder; with a `limit`, so many queries over so many passages, which makes it easier."""
    queries = read_texts(folder / "queries.jsonl", limit)
    relevant: dict[str, set[str]] = {}
    for line in (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        query, passage, score = line.split("\t")
        if query in queries and int(score) > 0:
            relevant.setdefault(query, set()).add(passage)
    passages = read_texts(folder / "corpus.jsonl")
    if limit is not None:
        wanted = set().union(*relevant.values())
        first = sorted(passages, key=lambda id_: id_ not in wanted)[: max(limit, len(wanted))]
        passages = {id_: passages[id_] for id_ in first}
    return RetrievalSet(passages, queries, relevant)
