"""Runs right statements and those of a model, with room for many rows, and compares what they give."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tao_servers.text2sql.database import Database
from tao_servers.text2sql.engines import Engine, open_engine
from tao_servers.text2sql.errors import QueryFailed, QueryRefused, Text2sqlError
from tao_servers.text2sql.evaluating.dataset import Item
from tao_servers.text2sql.limits import Cell, Limits, Rows
from tao_servers.text2sql.matching import same_result
from tao_servers.text2sql.stopping import Stop

__all__ = ["Referee", "Unplayable", "Verdict", "refused"]

_MOST_ROWS = 10_000
_WIDE = Limits(max_rows=_MOST_ROWS, timeout=20.0, max_cell=1_000_000, max_bytes=200_000_000)

_Table = Sequence[Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a statement: `failure` is its kind, empty for a right one, and `problem` its reason."""

    failure: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Unplayable:
    """A question of which no right statement runs, and why not."""

    item: Item
    reason: str


def refused(rule: str) -> str:
    """The kind of failure for what a rule, or the planner's `database`, says against a statement."""
    return "database error" if rule == "database" else f"refused: {rule}"


@dataclass
class Referee:
    """Opens every database for reading only, and reads results up to 10,000 rows. All of it blocks."""

    _engines: dict[Path, Engine] = field(default_factory=dict)
    _golds: dict[tuple[Path, tuple[str, ...]], list[_Table]] = field(default_factory=dict)

    def playable(self, items: Iterable[Item], stop: Stop) -> tuple[list[Item], list[Unplayable]]:
        """The questions that have a right statement that runs, and the others."""
        good: list[Item] = []
        bad: list[Unplayable] = []
        for item in items:
            reason = self._prepare(item, stop)
            if reason is None:
                good.append(item)
            else:
                bad.append(Unplayable(item, reason))
        return good, bad

    def judge(self, item: Item, sql: str, stop: Stop) -> Verdict:
        """Run a statement and compare it with what is right."""
        try:
            rows = self._run(item.database, sql, stop)
        except QueryRefused as exc:
            return Verdict(refused(exc.rule), str(exc))
        except Text2sqlError as exc:
            return Verdict("database error", str(exc))
        reason = self._prepare(item, stop)
        if reason is not None:
            return Verdict("nothing to compare with", reason)
        if self._is_right(item, rows):
            return Verdict()
        if all(cell is None for row in rows.rows for cell in row):
            return Verdict("empty", "Nothing was found.")
        return Verdict("other result", _beginning(rows))

    def _is_right(self, item: Item, rows: Rows) -> bool:
        return not rows.more and any(
            same_result(gold, rows.rows, ordered=item.ordered, subset=item.subset)
            for gold in self._golds[item.database, item.gold]
        )

    def _prepare(self, item: Item, stop: Stop) -> str | None:
        """Have the right results; says why there are none."""
        key = (item.database, item.gold)
        reasons: list[str] = []
        if key not in self._golds:
            found: list[_Table] = [rows.rows for rows in self._right_results(item, stop, reasons)]
            if not found:
                return reasons[0]
            self._golds[key] = found
        return None

    def _right_results(self, item: Item, stop: Stop, reasons: list[str]) -> Iterator[Rows]:
        for sql in item.gold:
            try:
                rows = self._run(item.database, sql, stop)
            except Text2sqlError as exc:
                reasons.append(str(exc))
                continue
            if rows.more:
                reasons.append(f"Its right result has more than {_MOST_ROWS:,} rows.")
            else:
                yield rows

    def _run(self, path: Path, sql: str, stop: Stop) -> Rows:
        engine = self._engines.get(path)
        if engine is None:
            engine = open_engine(Database(path.stem, str(path.absolute())))
            engine.prove()
            self._engines[path] = engine
        if stop.is_set:
            raise QueryFailed("The query was cancelled.")
        return engine.run(sql, _WIDE, stop)


def _beginning(rows: Rows) -> str:
    shown = "; ".join(", ".join(str(cell)[:40] for cell in row[:8]) for row in rows.rows[:3])
    count = f"more than {_MOST_ROWS:,}" if rows.more else f"{len(rows.rows):,}"
    return f"{count} rows: {shown}"[:300]
