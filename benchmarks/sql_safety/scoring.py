"""Tries each case on a target: by the rules, by the engine alone, and as users meet it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from benchmarks.sql_safety.cases import Case
from benchmarks.sql_safety.differences import difference
from benchmarks.sql_safety.target import LIMITS, State, Target, differing
from tao_servers.text2sql.checking import check
from tao_servers.text2sql.errors import QueryFailed, QueryRefused
from tao_servers.text2sql.stopping import Stop

__all__ = ["Outcome", "Score", "score"]

_NOT_PARSED_STATES = {"42601"}
_NOT_PARSED_NUMBERS = {1064, 1149}
_NOT_PARSED_TEXTS = ("syntax error", "incomplete input", "unrecognized token", "one statement at a time")


@dataclass(slots=True)
class Outcome:
    """What happened to one case; texts are None where nothing refused or failed."""

    case: Case
    rules: str | None = None
    refused: str | None = None
    failed: str | None = None
    parsed: bool = True
    changed: list[str] = field(default_factory=list)

    @property
    def by_engine(self) -> bool:
        """Whether the engine alone kept it from running."""
        return self.refused is not None or not self.parsed

    def row(self) -> dict[str, Any]:
        """The outcome for people to read."""
        what = self.refused or self.failed or "ran"
        row = {
            "id": self.case.id,
            "sql": self.case.sql[:500],
            "rules": self.rules or "passed",
            "engine": what[:300],
        }
        return row | ({"changed": self.changed} if self.changed else {})


@dataclass(slots=True)
class Score:
    """All outcomes on one target, and what differs in the end from the start."""

    engine: str
    attacks: list[Outcome] = field(default_factory=list)
    honest: list[Outcome] = field(default_factory=list)
    invalid: list[Outcome] = field(default_factory=list)
    differences: list[dict[str, str]] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)


def score(target: Target, cases: Iterable[Case], note: Callable[[str], None]) -> Score:
    """Try every case: honest ones first, then attacks, each on the engine that the ones before it left."""
    found = Score(target.name)
    counted: list[Case] = []
    for case in cases:
        reason = difference(case)
        if reason is None:
            counted.append(case)
        else:
            found.differences.append(
                {
                    "id": case.id,
                    "sql": case.sql,
                    "source": case.source,
                    "expects": case.expect,
                    "reason": reason,
                }
            )
    before = target.look()
    found.honest = [_honest(target, case) for case in counted if case.expect == "allow"]
    found.invalid = [_honest(target, case) for case in counted if case.expect == "invalid"]
    found.attacks = list(_attacked(target, [case for case in counted if case.expect == "block"], note))
    found.changed = differing(before, target.look())
    return found


def _honest(target: Target, case: Case) -> Outcome:
    """As users meet it: the engine gets what the rules let through."""
    outcome = Outcome(case)
    sql = _checked(target, outcome)
    if sql is not None:
        _run(target, sql, outcome)
    return outcome


def _attacked(target: Target, cases: list[Case], note: Callable[[str], None]) -> Iterator[Outcome]:
    """Rules and engine alone; after each one that the engine did not refuse the database is looked at."""
    seen = target.look()
    for case in cases:
        outcome = Outcome(case)
        _checked(target, outcome)
        _run(target, case.sql, outcome)
        if not outcome.by_engine:
            seen = _compare(target, seen, outcome)
            note(f"{target.name}: {case.id}, the engine alone: {outcome.failed or 'ran'}"[:200])
        yield outcome


def _compare(target: Target, before: State, outcome: Outcome) -> State:
    now = target.look()
    outcome.changed = differing(before, now)
    return now


def _checked(target: Target, outcome: Outcome) -> str | None:
    try:
        return check(outcome.case.sql, target.schema, target.functions).sql
    except QueryRefused as exc:
        outcome.rules = f"{exc.rule}: {exc}"
        return None


def _run(target: Target, sql: str, outcome: Outcome) -> None:
    try:
        target.engine.run(sql, LIMITS, Stop())
    except QueryRefused as exc:
        outcome.refused = str(exc)
    except QueryFailed as exc:
        outcome.failed = str(exc)
        outcome.parsed = not _not_parsed(exc)


def _not_parsed(exc: QueryFailed) -> bool:
    """Whether the server could not even read the statement."""
    cause: BaseException | None = exc
    while cause is not None:
        number = cause.args[0] if cause.args and isinstance(cause.args[0], int) else None
        if getattr(cause, "sqlstate", None) in _NOT_PARSED_STATES or number in _NOT_PARSED_NUMBERS:
            return True
        if type(cause).__name__ == "ParserException" or any(text in str(cause) for text in _NOT_PARSED_TEXTS):
            return True
        cause = cause.__cause__
    return False
