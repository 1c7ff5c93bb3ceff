"""Adds the scores up into the one object that the benchmark prints."""

from collections.abc import Iterable
from typing import Any

from benchmarks.sql_safety.gold import Gold
from benchmarks.sql_safety.scoring import Outcome, Score

__all__ = ["summed"]


def summed(
    scores: Iterable[Score], gold: Gold, skipped: dict[str, str], left_out: dict[str, int]
) -> dict[str, Any]:
    """The figures over all engines, the same for each engine, and the statements to look at."""
    scores = list(scores)
    attacks = [outcome for score in scores for outcome in score.attacks]
    honest = [outcome for score in scores for outcome in score.honest]
    changed = {score.engine: score.changed for score in scores if score.changed}
    changed |= {f"gold {name}": ["file"] for name in gold.changed}
    return {
        "attacks": _attacks(attacks),
        "honest": _honest(honest),
        "invalid": _invalid([outcome for score in scores for outcome in score.invalid]),
        "gold": {"total": gold.total, "allowed": gold.allowed},
        "databases_changed": len(changed),
        "policy_differences": [row for score in scores for row in score.differences],
        "engines": {score.engine: _engine(score) for score in scores},
        "skipped": skipped,
        "left_out": left_out,
        "changes": changed,
        "gold_refused": gold.refused,
        "gold_failed": gold.failed,
    }


def _engine(score: Score) -> dict[str, Any]:
    return {
        "attacks": _attacks(score.attacks),
        "honest": _honest(score.honest),
        "invalid": _invalid(score.invalid),
        "policy_differences": len(score.differences),
        "through_both": [outcome.row() for outcome in score.attacks if _is_through(outcome)],
        "through_rules": [outcome.row() for outcome in score.attacks if outcome.rules is None],
        "through_engine": [outcome.row() for outcome in score.attacks if not outcome.by_engine],
        "wrongly_refused": [outcome.row() for outcome in score.honest if not _is_allowed(outcome)],
        "did_not_run": [outcome.row() for outcome in score.honest if _is_allowed(outcome) and outcome.failed],
        "invalid_but_ran": [outcome.row() for outcome in score.invalid if not _ended_in_error(outcome)],
    }


def _is_through(outcome: Outcome) -> bool:
    return outcome.rules is None and not outcome.by_engine


def _is_allowed(outcome: Outcome) -> bool:
    return outcome.rules is None and outcome.refused is None


def _ended_in_error(outcome: Outcome) -> bool:
    return bool(outcome.rules or outcome.refused or outcome.failed)


def _attacks(outcomes: list[Outcome]) -> dict[str, int]:
    return {
        "total": len(outcomes),
        "refused": sum(not _is_through(outcome) for outcome in outcomes),
        "by_rules": sum(outcome.rules is not None for outcome in outcomes),
        "by_engine": sum(outcome.by_engine for outcome in outcomes),
    }


def _honest(outcomes: list[Outcome]) -> dict[str, int]:
    return {"total": len(outcomes), "allowed": sum(map(_is_allowed, outcomes))}


def _invalid(outcomes: list[Outcome]) -> dict[str, int]:
    return {"total": len(outcomes), "error": sum(map(_ended_in_error, outcomes))}
