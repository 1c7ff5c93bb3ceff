"""Asks every set in every way, and puts the figures together."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from benchmarks.peers.environment import PeerError
from benchmarks.text2sql.ablation import variants
from benchmarks.text2sql.bench import Bench, Trials, by_set
from benchmarks.text2sql.figures import ablation_figures, report
from benchmarks.text2sql.vanna import Vanna
from tao_servers.text2sql.evaluating.dataset import Item
from tao_servers.text2sql.evaluating.trial import Trial

__all__ = ["Plan", "measure"]

_Options = TypeVar("_Options")


@dataclass(frozen=True, slots=True)
class Plan(Generic[_Options]):
    """What is asked with which `options`, beside which peer, and which stages are turned round after it."""

    items: Sequence[Item]
    options: _Options
    stages: tuple[str, ...] = ()
    vanna: Vanna | None = None


async def measure(plan: Plan[_Options], bench: Bench[_Options]) -> dict[str, Any]:
    """The figures of every way; all of a set is asked in one way before it is asked in the next.

    A peer that fails is asked no more, and has no part in the set in which it failed.

    Raises:
        ModelError: the model does not answer any more.
        SetupError: a database or a library is not there.
    """
    trials: Trials = {"plain": [], "tao": []}
    reason = ""
    for items in by_set(plan.items):
        trials["plain"] += await bench.plain(items)
        trials["tao"] += await bench.tao(items, plan.options)
        if plan.vanna is not None and not reason:
            tell = partial(_tell, bench, len(items))
            try:
                trials.setdefault("vanna", []).extend(await plan.vanna.attempt(items, tell))
            except PeerError as exc:
                reason = str(exc)
                bench.say(f"vanna: {reason}")
    stages: Trials = {}
    for variant in variants(plan.options, plan.stages):
        for items in by_set(plan.items):
            stages.setdefault(variant.name, []).extend(await bench.tao(items, variant.options, variant.name))
    figures = report(trials) | {"ablation": ablation_figures(stages, trials["tao"])}
    return figures | ({"vanna": {"error": reason}} if reason else {})


def _tell(bench: Bench[_Options], count: int, trial: Trial, number: int) -> None:
    bench.report("vanna", trial, number, count)
