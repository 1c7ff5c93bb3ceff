"""The figures of all ways of answering, by set and language and pooled, and their differences."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from benchmarks.text2sql.bench import Trials
from tao_servers.text2sql.evaluating.report import figures, grouped
from tao_servers.text2sql.evaluating.trial import Trial

__all__ = ["ablation_figures", "report", "table", "way_figures"]

_RESAMPLES = 5000
_PARTS = ("ex", "ex_interval", "seconds", "tokens", "written_tokens", "requests", "mended", "failures")


def report(trials: Trials) -> dict[str, Any]:
    """`sets` and `pooled`: n, and every figure by the name of the way of answering.

    Only ways that were asked all the questions of a set, or of all sets, are there.
    """
    groups = {name: grouped(found) for name, found in trials.items()}
    names = sorted({group for found in groups.values() for group in found})
    return {
        "sets": {
            group: _beside({name: found[group] for name, found in groups.items() if group in found})
            for group in names
        },
        "pooled": _beside(trials),
    }


def ablation_figures(stages: Trials, default: Sequence[Trial]) -> dict[str, Any]:
    """Every stage: its figures on all questions, its EX by set, and how much more that is than `default`."""
    return {
        name: _pooled(found) | {"difference": _difference(found, default)} for name, found in stages.items()
    }


def way_figures(ways: Trials, beside: Sequence[str]) -> dict[str, Any]:
    """Every way: its figures on all questions, its EX by set, and how much more it is than `beside`."""
    return {
        name: {"n": len(found)}
        | _pooled(found)
        | {"differences": {other: _difference(found, ways[other]) for other in beside if other != name}}
        for name, found in ways.items()
    }


def table(found: Mapping[str, Any]) -> list[list[str]]:
    """A line for each set and way of answering; the first line has what the columns are called."""
    lines = [["set", "way", "n", "EX", "95 % interval", "seconds", "tokens"]]
    pooled = [("all", found["pooled"])] if "pooled" in found else []
    for group, one in [*found.get("sets", {}).items(), *pooled]:
        for name, ex in one["ex"].items():
            low, high = one["ex_interval"][name]
            costs = [f"{one['seconds'][name]:.1f}", f"{one['tokens'][name]:.0f}"]
            lines.append([group, name, str(one["n"]), f"{ex:.3f}", f"{low:.3f} to {high:.3f}", *costs])
    for name, one in found.get("ablation", {}).items():
        change = one["difference"]
        bounds = f"{change['mean']:+.3f}: {change['low']:+.3f} to {change['high']:+.3f}"
        costs = [f"{one['seconds']:.1f}", f"{one['tokens']:.0f}"]
        lines.append(["all", name, str(change["n"]), f"{one['ex']:.3f}", bounds, *costs])
    for name, one in found.get("identifiers", {}).items():
        low, high = one["ex_interval"]
        costs = [f"{one['seconds']:.1f}", f"{one['tokens']:.0f}"]
        lines.append(["all", name, str(one["n"]), f"{one['ex']:.3f}", f"{low:.3f} to {high:.3f}", *costs])
    return lines


def _pooled(found: Sequence[Trial]) -> dict[str, Any]:
    return {
        **{part: value for part, value in figures(found).as_json().items() if part in _PARTS},
        "sets": {group: round(figures(some).ex, 4) for group, some in grouped(found).items()},
    }


def _beside(trials: Mapping[str, Sequence[Trial]]) -> dict[str, Any]:
    """The figures of the ways that were asked every question: the others had another task."""
    asked = {name: frozenset(map(_question, found)) for name, found in trials.items() if found}
    every = frozenset().union(*asked.values())
    each = {name: figures(trials[name]).as_json() for name, some in asked.items() if some == every}
    beside: dict[str, Any] = {"n": len(every)}
    beside |= {part: {name: one[part] for name, one in each.items()} for part in _PARTS}
    if "tao" in each:
        beside["difference"] = {
            f"tao-{name}": _difference(trials["tao"], trials[name]) for name in each if name != "tao"
        }
    return beside


def _difference(mine: Sequence[Trial], others: Sequence[Trial]) -> dict[str, Any]:
    """How much more of the same questions are right, with the bootstrap interval.

    That is taken over the right statements: what asks for the same rows, in two languages or in other words,
    is no more independent evidence than one question.
    """
    right = {_question(trial): trial.right for trial in others}
    clusters: dict[tuple[object, ...], list[float]] = defaultdict(list)
    for trial in mine:
        if (key := _question(trial)) in right:
            item = trial.item
            gain = float(trial.right) - float(right[key])
            clusters[item.set, item.database, item.gold].append(gain)
    if not clusters:
        return {"n": 0, "mean": 0.0, "low": 0.0, "high": 0.0}
    low, high = _interval([(sum(gains), len(gains)) for gains in clusters.values()])
    gains = [gain for some in clusters.values() for gain in some]
    values = {"mean": sum(gains) / len(gains), "low": low, "high": high}
    return {"n": len(gains), **{name: round(value, 4) for name, value in values.items()}}


def _interval(clusters: Sequence[tuple[float, int]]) -> tuple[float, float]:
    """The 95 % percentile bootstrap interval of the mean; of each cluster there are its sum and its size."""
    random = Random(0)
    means = []
    for _ in range(_RESAMPLES):
        drawn = random.choices(clusters, k=len(clusters))
        means.append(sum(total for total, _ in drawn) / sum(size for _, size in drawn))
    means.sort()
    return means[int(0.025 * _RESAMPLES)], means[int(0.975 * _RESAMPLES) - 1]


def _question(trial: Trial) -> tuple[str, str]:
    return trial.item.group, trial.item.id
