"""Every gold query of text-to-SQL sets, on its own database: none may be refused."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.sql_safety.target import opened
from tao_servers.text2sql.checking import check
from tao_servers.text2sql.database import Database
from tao_servers.text2sql.engines import Engine
from tao_servers.text2sql.errors import QueryFailed, QueryRefused
from tao_servers.text2sql.limits import Limits
from tao_servers.text2sql.schema import Schema
from tao_servers.text2sql.stopping import Stop

__all__ = ["Gold", "gold_queries", "score_gold"]

_LIMITS = Limits(max_rows=50, timeout=20.0)


@dataclass(slots=True)
class Gold:
    """How many were tried and allowed; what was refused or failed, and which databases changed."""

    total: int = 0
    allowed: int = 0
    refused: list[dict[str, str]] = field(default_factory=list)
    failed: list[dict[str, str]] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)


def gold_queries(folder: Path, limit: int | None = None) -> Iterator[tuple[Path, str, str]]:
    """The database, the id and the SQL of each gold query under `folder`, `limit` questions of a set."""
    for path in sorted(folder.glob("*/questions.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines()[:limit]:
            row = json.loads(line)
            for sql in row["gold_sql"]:
                yield path.parent / "databases" / f"{row['db_id']}.sqlite", row["id"], sql


def score_gold(folder: Path, limit: int | None, note: Callable[[str], None]) -> Gold:
    """Check and run every gold query."""
    found = Gold()
    by_database: dict[Path, list[tuple[str, str]]] = {}
    for database, question, sql in gold_queries(folder, limit):
        by_database.setdefault(database, []).append((question, sql))
    for database, queries in by_database.items():
        before = _sum(database)
        with opened(Database(database.stem, str(database))) as (engine, schema):
            for question, sql in queries:
                _try(engine, schema, {"id": question, "sql": sql}, found)
        if _sum(database) != before:
            found.changed.append(database.name)
        note(f"gold {database.parent.parent.name}/{database.stem}: {len(queries)} queries")
    return found


def _try(engine: Engine, schema: Schema, row: dict[str, str], found: Gold) -> None:
    found.total += 1
    try:
        engine.run(check(row["sql"], schema).sql, _LIMITS, Stop())
    except QueryRefused as exc:
        found.refused.append(row | {"why": f"{exc.rule}: {exc}"})
    except QueryFailed as exc:
        # The rules let it pass, and it was not kept from running: a time limit, or SQL that SQLite rejects.
        found.failed.append(row | {"why": str(exc)})
    else:
        found.allowed += 1


def _sum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
