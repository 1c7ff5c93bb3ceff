"""Which sets are measured, which of their questions are asked, and which no passage of theirs answers."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import chain, islice, zip_longest
from pathlib import Path
from random import Random

from tao_servers.knowledge.evaluating.dataset import Dataset, read_dataset

__all__ = ["baseline", "language", "left_out", "questions", "read_sets", "sampled", "strangers"]

_FILES = ("corpus.jsonl", "queries.jsonl", "qrels.tsv")
_HAN = re.compile(r"[\u3400-\u9fff]")
_BASELINE = re.compile(r"^- dev:.*plain BM25.*?nDCG@10 ([\d.]+)", re.MULTILINE)


def read_sets(data: Path) -> dict[str, Dataset]:
    """All sets in the folder `data`, by name.

    Raises:
        DatasetError: one of them is damaged.
    """
    return {
        folder.name: read_dataset(folder)
        for folder in sorted(data.iterdir())
        if all((folder / name).is_file() for name in _FILES)
    }


def left_out(data: Path) -> list[str]:
    """The folders in `data` that are no retrieval sets."""
    return [
        folder.name
        for folder in sorted(data.iterdir())
        if folder.is_dir() and not all((folder / name).is_file() for name in _FILES)
    ]


def questions(dataset: Dataset) -> dict[str, str]:
    """The questions of a set that something is relevant to."""
    return {
        id_: text
        for id_, text in dataset.queries.items()
        if any(grade > 0 for grade in dataset.relevances.get(id_, {}).values())
    }


def sampled(asked: Mapping[str, str], most: int | None, *, seed: str) -> dict[str, str]:
    """`most` of some questions, the same ones each time; all of them with None."""
    if most is None or most >= len(asked):
        return dict(asked)
    chosen = set(Random(seed).sample(sorted(asked), most))
    return {id_: text for id_, text in asked.items() if id_ in chosen}


def strangers(name: str, sets: Mapping[str, Dataset], most: int) -> dict[str, str]:
    """Up to `most` questions of other sets, in the language that those of the set `name` are in.

    Each other set gives as many, as far as it has them. Sets of one family, which is the first word of their
    names, share passages and give each other none.
    """
    wanted = language(questions(sets[name]).values())
    rows = []
    for other in sets:
        if _family(other) != _family(name):
            ours = {id_: text for id_, text in questions(sets[other]).items() if language([text]) == wanted}
            chosen = sampled(ours, most, seed=f"{name} {other}")
            rows.append([(f"{other}/{id_}", text) for id_, text in chosen.items()])
    turns = chain.from_iterable(zip_longest(*rows))
    return dict(islice((pair for pair in turns if pair is not None), most))


def language(texts: Iterable[str]) -> str:
    """The language of most of these texts; any Han character means zh."""
    counts = Counter("zh" if _HAN.search(text) else "en" for text in texts)
    return counts.most_common(1)[0][0] if counts else "en"


def baseline(dataset: Dataset) -> float | None:
    """The nDCG@10 of a plain BM25 that the README of a set names."""
    readme = dataset.folder / "README.md"
    said = _BASELINE.search(readme.read_text(encoding="utf-8")) if readme.is_file() else None
    return float(said[1]) if said else None


def _family(name: str) -> str:
    return name.partition("_")[0]
