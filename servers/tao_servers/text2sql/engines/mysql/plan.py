"""How many rows the plan of a statement goes through, as EXPLAIN tells it."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["examined_rows"]

_PER_ROW = ("DEPENDENT", "UNCACHEABLE")
_OUTER = {"DERIVED", "PRIMARY", "SIMPLE", "UNION"}
# MySQL takes one row in ten to fit an equality that it knows nothing of, one in three for a comparison.
_EQUALITY_PERCENT = 10.0


def examined_rows(plan: Iterable[Mapping[str, Any]]) -> float | None:
    """About how many rows are looked at; None when `plan` has no column `rows`.

    The tables of one SELECT are joined one in the other, so their rows multiply; SELECTs add up, and one that
    depends on another is counted once for each row of that. Sources: "EXPLAIN Output Format" in the manuals
    of MySQL and MariaDB.
    """
    selects: dict[int, list[Mapping[str, Any]]] = {}
    for entry in plan:
        step = {str(name).lower(): value for name, value in entry.items()}
        if "rows" not in step or "select_type" not in step:
            return None
        if step.get("id") is not None:
            selects.setdefault(int(step["id"]), []).append(step)
    total, outer = 0.0, 1.0
    for _, steps in sorted(selects.items()):
        examined, given = _joined(steps)
        kind = str(steps[0]["select_type"]).upper()
        total += examined * (outer if kind.startswith(_PER_ROW) else 1.0)
        if kind in _OUTER:
            outer = max(outer, given)
    return total


def _joined(steps: list[Mapping[str, Any]]) -> tuple[float, float]:
    examined, given = 0.0, 1.0
    for step in steps:
        rows = _number(step.get("rows"), 1.0)
        kept = _number(step.get("filtered"), 100.0)
        if _is_hashed(step, kept):
            examined += rows
            given = max(given, rows)
        else:
            examined += given * rows
            given = max(given * rows * kept / 100, 1.0)
    return examined, given


def _is_hashed(step: Mapping[str, Any], kept: float) -> bool:
    # MySQL says "hash join" of a cross join, too.
    by_hash = "hash join" in str(step.get("extra")).lower() and kept <= _EQUALITY_PERCENT
    return by_hash or str(step.get("type")).startswith("hash_ALL")


def _number(value: Any, otherwise: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return otherwise
    return number if math.isfinite(number) else otherwise
