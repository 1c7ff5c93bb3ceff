"""Reads a data set in the form of BEIR (Thakur et al., 2021): a corpus, queries, and judgements."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Dataset", "DatasetError", "Record", "read_dataset"]

_CORPUS = "corpus.jsonl"
_QUERIES = "queries.jsonl"
_LONGEST_LINE = 50_000_000
_SHOWN = 60


class DatasetError(ValueError):
    """What was named is no data set, or something in it is wrong; the text says where."""


@dataclass(frozen=True, slots=True)
class Record:
    """A document of the corpus."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Dataset:
    """A data set; `relevances` has the judgements of each query that has any, by the ids of documents.

    `queries` has the text of all queries by their ids. The corpus stays in its file.
    """

    folder: Path
    queries: dict[str, str]
    relevances: dict[str, dict[str, int]]

    @property
    def name(self) -> str:
        """The name of its folder."""
        return self.folder.resolve().name

    @property
    def corpus_file(self) -> Path:
        """The file with the corpus."""
        return self.folder / _CORPUS

    @property
    def corpus(self) -> Iterator[Record]:
        """The documents, read one by one, from the start each time.

        Raises:
            DatasetError: where it comes to a line that is wrong.
        """
        return _records(self.corpus_file)


def read_dataset(folder: Path, *, split: str | None = None) -> Dataset:
    """Read queries and judgements: `corpus.jsonl`, `queries.jsonl`, `qrels.tsv` or `qrels/SPLIT.tsv`.

    Without a `split` it is `test`, or the only one there is. The judgements are lines of query, document
    and grade, parted by tabs, with a header or without one; or the four columns of TREC.

    Raises:
        DatasetError: a file is missing, or a line is wrong; the corpus is not looked into yet.
    """
    if not folder.is_dir():
        raise DatasetError(f"There is no folder {str(folder)!r}. Name one with {_CORPUS} and {_QUERIES}.")
    missing = [name for name in (_CORPUS, _QUERIES) if not (folder / name).is_file()]
    if missing:
        raise DatasetError(
            f"{str(folder)!r} is no data set in the form of BEIR: it has no {' and no '.join(missing)}."
        )
    judgements = _judgements_file(folder, split)
    queries = {record.id: record.text for record in _records(folder / _QUERIES)}
    relevances = _relevances(judgements, queries)
    return Dataset(folder, queries, relevances)


def _judgements_file(folder: Path, split: str | None) -> Path:
    single = folder / "qrels.tsv"
    if split is None and single.is_file():
        return single
    found = {file.stem: file for file in sorted((folder / "qrels").glob("*.tsv"))}
    wanted = split or ("test" if len(found) != 1 else next(iter(found)))
    if wanted in found:
        return found[wanted]
    if not found:
        asked = "qrels.tsv nor qrels/test.tsv" if split is None else f"qrels/{split}.tsv"
        raise DatasetError(f"{str(folder)!r} has no judgements: there is no {asked}.")
    raise DatasetError(f"There is no qrels/{wanted}.tsv in {str(folder)!r}. Choose of: {', '.join(found)}.")


def _records(file: Path) -> Iterator[Record]:
    seen: set[str] = set()
    for where, line in _lines(file):
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as exc:
            raise DatasetError(f"{where} is not valid JSON: {_shown(line)}") from exc
        if not isinstance(value, dict):
            raise DatasetError(f"{where} is no object with _id and text: {_shown(line)}")
        record = Record(_id(value, where), _text(value, "title", where), _text(value, "text", where))
        if record.id in seen:
            raise DatasetError(f"{where} has the _id {record.id!r} for the second time.")
        seen.add(record.id)
        yield record
    if not seen:
        raise DatasetError(f"{str(file)!r} is empty.")


def _id(value: dict[str, Any], where: str) -> str:
    id_ = value.get("_id")
    if isinstance(id_, int) and not isinstance(id_, bool):
        return str(id_)
    if not isinstance(id_, str) or not id_.strip():
        raise DatasetError(f"{where} has no _id.")
    if id_ != _clean(id_):
        raise DatasetError(f"{where} has an _id that is no valid Unicode: {id_!r}.")
    return id_


def _text(value: dict[str, Any], name: str, where: str) -> str:
    text = value.get(name)
    if text is None and name != "text":
        return ""
    if not isinstance(text, str):
        raise DatasetError(f"{where} has no {name}, or one that is not a string.")
    return _clean(text)


def _clean(text: str) -> str:
    # JSON can name halves of characters, which no file and no index takes.
    return text.encode("utf-8", "replace").decode("utf-8")


def _relevances(file: Path, queries: dict[str, str]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for number, (where, line) in enumerate(_lines(file)):
        fields = [field.strip() for field in line.rstrip("\r\n").split("\t")]
        if len(fields) not in (3, 4):
            raise DatasetError(f"{where} is not query, document and grade, parted by tabs: {_shown(line)}")
        query, document, grade = fields[0], fields[-2], fields[-1]
        try:
            grade_number = int(grade)
        except ValueError as exc:
            # A header names columns, and no query.
            if number == 0 and query not in queries:
                continue
            raise DatasetError(f"{where} has a grade that is no whole number: {_shown(line)}") from exc
        if query not in queries:
            raise DatasetError(f"{where} judges the query {query!r}, which {_QUERIES} does not have.")
        found.setdefault(query, {})[document] = grade_number
    if not found:
        raise DatasetError(f"{str(file)!r} has no judgements.")
    return found


def _lines(file: Path) -> Iterator[tuple[str, str]]:
    """The lines that have any text, each with where it stands."""
    try:
        with file.open("rb") as stream:
            number = 0
            while data := stream.readline(_LONGEST_LINE + 1):
                number += 1
                where = f"{str(file)!r}, line {number}"
                if len(data) > _LONGEST_LINE:
                    raise DatasetError(f"{where} is longer than {_LONGEST_LINE // 1_000_000} MB.")
                line = _decoded(data, where)
                if line.strip():
                    yield where, line
    except OSError as exc:
        raise DatasetError(f"{str(file)!r} cannot be read: {exc.strerror or exc}") from exc


def _decoded(data: bytes, where: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise DatasetError(f"{where} is not UTF-8. Save the file as UTF-8.") from exc


def _shown(line: str) -> str:
    text = line.strip()
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
