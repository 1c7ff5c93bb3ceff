"""Reads questions with their right statements, and where their databases are."""

import datetime
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tao_prompts.language import Language, language_of

__all__ = ["DatasetError", "Item", "read_datasets"]

_QUESTIONS = "questions.jsonl"
_DATABASES = "databases"
_LONGEST_LINE = 10_000_000
_SHOWN = 60
# defog's own evaluation lets a result have more columns than were asked for.
_SUBSET_SETS = "defog"


class DatasetError(ValueError):
    """What was named is no data set, or something in it is wrong; the text says where."""


@dataclass(frozen=True, slots=True)
class Item:
    """A question in one language about the SQLite file `database`; any one of `gold` is right.

    `ordered`: the order of the rows matters. `subset`: the result may have further columns. `notes` and
    `as_of` are what whoever asks tells besides: how terms are meant, and which day it is.
    """

    set: str
    id: str
    language: Language
    question: str
    database: Path
    gold: tuple[str, ...]
    ordered: bool = False
    subset: bool = False
    notes: str = ""
    as_of: datetime.date | None = None
    category: str = ""

    @property
    def group(self) -> str:
        """The set and the language, by which figures are told."""
        return f"{self.set}:{self.language}"


def read_datasets(folder: Path) -> list[Item]:
    """The questions of `folder`, or of each folder in it that is such a set, one for each language.

    A set is `questions.jsonl` beside `databases/DB_ID.sqlite`. Fields: `id`, `db_id`, `gold_sql` (a text or
    several), `question_en` and `question_zh` (or `question`), and where wanted `order_matters`, `subset`
    (default: only in sets whose name begins with defog), `instructions`, `context`, `as_of`, `category`.

    Raises:
        DatasetError: there is no set, or a line is wrong; the text says which.
    """
    if not folder.is_dir():
        raise DatasetError(
            f"There is no folder {str(folder)!r}. Name one with {_QUESTIONS} and {_DATABASES}."
        )
    sets = [folder] if (folder / _QUESTIONS).is_file() else sorted(_sets_in(folder))
    if not sets:
        raise DatasetError(
            f"{str(folder)!r} has no {_QUESTIONS}, and no folder in it has one. A data set is {_QUESTIONS}"
            f" beside {_DATABASES}/DB_ID.sqlite."
        )
    return [item for one in sets for item in _read(one)]


def _sets_in(folder: Path) -> Iterator[Path]:
    return (one for one in folder.iterdir() if (one / _QUESTIONS).is_file())


def _read(folder: Path) -> Iterator[Item]:
    seen: set[str] = set()
    name = folder.resolve().name
    for where, value in _records(folder / _QUESTIONS):
        id_ = _text(value, "id", where)
        if id_ in seen:
            raise DatasetError(f"{where} has the id {id_!r} for the second time.")
        seen.add(id_)
        shared: dict[str, Any] = {
            "set": name,
            "id": id_,
            "database": _database(folder, value, where),
            "gold": _gold(value, where),
            "ordered": _flag(value, "order_matters", where, default=False),
            "subset": _flag(value, "subset", where, default=name.lower().startswith(_SUBSET_SETS)),
            "notes": "\n".join(
                filter(None, (_text(value, n, where, "") for n in ("instructions", "context")))
            ),
            "as_of": _day(value, where),
            "category": _text(value, "category", where, ""),
        }
        for language, question in _questions(value, where):
            yield Item(language=language, question=question, **shared)
    if not seen:
        raise DatasetError(f"{str(folder / _QUESTIONS)!r} is empty.")


def _questions(value: dict[str, Any], where: str) -> list[tuple[Language, str]]:
    found: list[tuple[Language, str]] = []
    languages: tuple[Language, ...] = ("en", "zh")
    for language in languages:
        if text := _text(value, f"question_{language}", where, ""):
            found.append((language, text))
    if not found and (text := _text(value, "question", where, "")):
        found.append((language_of(text), text))
    if not found:
        raise DatasetError(f"{where} has no question: give question_en, question_zh, or question.")
    return found


def _database(folder: Path, value: dict[str, Any], where: str) -> Path:
    name = _text(value, "db_id", where)
    file = folder / _DATABASES / f"{name}.sqlite"
    if Path(name).name != name or "\0" in name:
        raise DatasetError(f"{where} has the db_id {name!r}, which is no name of a file in {_DATABASES}.")
    try:
        is_there = file.is_file()
    except OSError as exc:
        raise DatasetError(f"{where} asks the database {name[:_SHOWN]!r}: {exc.strerror or exc}") from exc
    if not is_there:
        raise DatasetError(f"{where} asks the database {name!r}, but there is no {str(file)!r}.")
    return file


def _gold(value: dict[str, Any], where: str) -> tuple[str, ...]:
    given = value.get("gold_sql")
    statements = [given] if isinstance(given, str) else given
    if (
        not isinstance(statements, list)
        or not statements
        or not all(isinstance(one, str) and one.strip() for one in statements)
    ):
        raise DatasetError(f"{where} has no gold_sql: give one statement, or a list of them.")
    return tuple(statements)


def _day(value: dict[str, Any], where: str) -> datetime.date | None:
    text = _text(value, "as_of", where, "")
    if not text:
        return None
    try:
        return datetime.datetime.fromisoformat(text).date()
    except ValueError as exc:
        raise DatasetError(f"{where} has an as_of that is no day such as 2025-06-17: {_shown(text)}") from exc


def _flag(value: dict[str, Any], name: str, where: str, *, default: bool) -> bool:
    given = value.get(name)
    if given is None:
        return default
    if not isinstance(given, bool):
        raise DatasetError(f"{where} has {name} {_shown(str(given))}, which is neither true nor false.")
    return given


def _text(value: dict[str, Any], name: str, where: str, default: str | None = None) -> str:
    given = value.get(name)
    if given is None and default is not None:
        return default
    if isinstance(given, int) and not isinstance(given, bool):
        given = str(given)
    if not isinstance(given, str) or (default is None and not given.strip()):
        raise DatasetError(f"{where} has no {name}, or one that is not a text.")
    # JSON can name halves of characters, which no model and no file takes.
    return given.encode("utf-8", "replace").decode("utf-8").strip()


def _records(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for where, line in _lines(file):
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as exc:
            raise DatasetError(f"{where} is not valid JSON: {_shown(line)}") from exc
        if not isinstance(value, dict):
            raise DatasetError(
                f"{where} is no object with id, db_id, gold_sql and a question: {_shown(line)}"
            )
        yield where, value


def _lines(file: Path) -> Iterator[tuple[str, str]]:
    try:
        with file.open("rb") as stream:
            number = 0
            while data := stream.readline(_LONGEST_LINE + 1):
                number += 1
                where = f"{str(file)!r}, line {number}"
                if len(data) > _LONGEST_LINE:
                    raise DatasetError(f"{where} is longer than {_LONGEST_LINE // 1_000_000} MB.")
                line = data.decode("utf-8-sig")
                if line.strip():
                    yield where, line
    except UnicodeDecodeError as exc:
        raise DatasetError(f"{where} is not UTF-8. Save the file as UTF-8.") from exc
    except OSError as exc:
        raise DatasetError(f"{str(file)!r} cannot be read: {exc.strerror or exc}") from exc


def _shown(line: str) -> str:
    text = line.strip()
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
