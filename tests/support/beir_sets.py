"""Small data sets in the form of BEIR."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["a_beir_set"]

_CORPUS = {
    "d1": ("皮鞋", "皮鞋的价格是399元。"),
    "d2": ("凉鞋", "凉鞋的价格是129元。"),
    "d3": ("Parking", "The code of the garage door is 4711."),
    "d4": ("Leave", "Employees have fifteen days of paid leave a year."),
}
_QUERIES = {"q1": "皮鞋多少钱", "q2": "凉鞋价格", "q3": "garage door code", "q4": "days of paid leave"}
_JUDGED = (("q1", "d1", 1), ("q2", "d2", 1), ("q3", "d3", 2), ("q4", "d4", 1))


def a_beir_set(
    folder: Path,
    *,
    corpus: Mapping[str, tuple[str, str]] = _CORPUS,
    queries: Mapping[str, str] = _QUERIES,
    judged: Sequence[tuple[str, str, int]] = _JUDGED,
    header: bool = True,
    judgements: str = "qrels.tsv",
) -> Path:
    """Write a data set into `folder`; returns the folder."""
    (folder / judgements).parent.mkdir(parents=True, exist_ok=True)
    records = [{"_id": id_, "title": title, "text": text} for id_, (title, text) in corpus.items()]
    _write_lines(folder / "corpus.jsonl", [json.dumps(one, ensure_ascii=False) for one in records])
    asked = [{"_id": id_, "text": text} for id_, text in queries.items()]
    _write_lines(folder / "queries.jsonl", [json.dumps(one, ensure_ascii=False) for one in asked])
    lines = ["query-id\tcorpus-id\tscore"] if header else []
    _write_lines(folder / judgements, [*lines, *("\t".join(map(str, one)) for one in judged)])
    return folder


def _write_lines(file: Path, lines: Sequence[str]) -> None:
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
