"""The questions of the text2sql sets with the tables that their gold statements read."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from tao_prompts import Language, language_of

__all__ = ["Question", "databases", "read_questions"]


@dataclass(frozen=True, slots=True)
class Question:
    """One question in one language; any one of `gold`, each the tables of a right statement, will do."""

    set: str
    database: str
    text: str
    language: Language
    gold: tuple[frozenset[str], ...]


def databases(data: Path) -> list[Path]:
    """The database files of all sets below `data`, in the order of their paths."""
    return sorted(data.glob("*/databases/*.sqlite"))


def read_questions(data: Path, limit: int | None) -> list[Question]:
    """The questions of every set below `data`, `limit` of each set and language, evenly spread."""
    found: list[Question] = []
    for path in sorted(data.glob("*/questions.jsonl")):
        with path.open(encoding="utf-8") as lines:
            records = [json.loads(line) for line in lines if line.strip()]
        for field in ("question_en", "question_zh"):
            some = [record for record in records if record.get(field)]
            count = min(limit or len(some), len(some))
            for record in (some[place * len(some) // count] for place in range(count)):
                if gold := tuple(_gold(record["gold_sql"])):
                    text = record[field]
                    found.append(Question(path.parent.name, record["db_id"], text, language_of(text), gold))
    return found


def _gold(statements: list[str]) -> Iterator[frozenset[str]]:
    for statement in statements:
        try:
            tree = sqlglot.parse_one(statement, dialect="sqlite")
        except SqlglotError:
            continue
        named = {cte.alias_or_name.lower() for cte in tree.find_all(exp.CTE)}
        tables = {table.name.lower() for table in tree.find_all(exp.Table) if table.name} - named
        if tables:
            yield frozenset(tables)
