"""What the loop itself costs a step, in milliseconds of wall time, beside other loops and bare httpx.

`python -m benchmarks.overhead [--rounds N] [--steps N] [--peers none|all|NAMES] [--model NAME] [--json]`.
A scripted endpoint on loopback answers at once. Each participant is a process of its own and makes the same
run in each round: calls of one Python function, one a step, then the answer. `tao_ms` and `peers` are medians
of the rounds over the steps, not streaming; ours with the run log on. `prefix_reuse` is the smallest share
of one step's messages that the next one's begin with, `cached_tokens` what the embedded model named by
`--model` says of its own cache, and `peak_mb` the most memory of our process.
"""

import json
import os
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import click

from benchmarks.overhead_cached import cached_tokens
from benchmarks.overhead_prefix import prefix_reuse
from benchmarks.overhead_process import Endpoint, Lines, endpoint, process
from benchmarks.overhead_task import ANSWER
from benchmarks.peers.environment import PeerError, python_of

__all__ = ["Participant", "main", "report"]

# Pinned, so that a figure can be had again.
_PEERS: dict[str, tuple[str, ...]] = {
    "pydantic-ai": ("pydantic-ai-slim[openai]==2.68.0",),
    "langgraph": ("langgraph==1.2.22", "langchain-openai==1.6.7", "langchain-core==1.6.13"),
    "smolagents": ("smolagents[openai]==1.26.0",),
}
_OURS: dict[str, tuple[str, ...]] = {
    "tao": ("benchmarks.overhead_tao",),
    "tao_no_log": ("benchmarks.overhead_tao", "--no-log"),
    "tao_streaming": ("benchmarks.overhead_tao", "--stream"),
}
# Each posts what the participant beside it has posted.
_FLOORS = {"raw_httpx": "tao", "raw_httpx_streaming": "tao_streaming"}
_WARM_UPS = 2


@dataclass
class Participant:
    """A loop in its process; `reason` says why it has no part any more."""

    lines: Lines | None = None
    task: Mapping[str, Any] = field(default_factory=dict)
    answers: bool = True
    replies: list[dict[str, Any]] = field(default_factory=list)
    reason: str | None = None

    def run(self, scripted: Endpoint, steps: int) -> dict[str, Any]:
        """Make one run of exactly `steps` requests, and remember what it took.

        Raises:
            PeerError: it died, or its run was another one than the script's.
        """
        assert self.lines is not None
        scripted.begin(steps)
        reply = self.lines.ask(self.task)
        made = len(scripted.requests())
        if made != steps or (self.answers and reply["text"] != ANSWER):
            raise PeerError(f"made {made} requests instead of {steps} and said {reply['text'][:80]!r}")
        self.replies.append(reply)
        return reply

    def milliseconds(self, steps: int, clock: str = "seconds") -> float:
        """The median of a step."""
        median: float = statistics.median(reply[clock] for reply in self.replies)
        return round(median / steps * 1000, 3)


def report(found: Mapping[str, Participant], peers: Sequence[str], steps: int) -> dict[str, Any]:
    """The figures of all participants, by name."""

    def ms(name: str, clock: str = "seconds") -> float | str | None:
        one = found[name]
        return one.reason if one.reason is not None else one.milliseconds(steps, clock)

    def peak(name: str) -> float | None:
        return max((round(reply["peak_mb"], 1) for reply in found[name].replies), default=None)

    here = [name for name in found if name not in peers]
    versions: dict[str, Any] = {"python": sys.version.split()[0]}
    versions |= {name: one.lines.first["versions"] for name, one in found.items() if one.lines is not None}
    return {
        "tao_ms": ms("tao"),
        "peers": {name: ms(name) for name in peers},
        "peak_mb": peak("tao"),
        **{f"{name}_ms": ms(name) for name in here if name != "tao"},
        "cpu_ms": {name: ms(name, "cpu_seconds") for name in found},
        "peers_peak_mb": {name: peak(name) for name in peers},
        "raw_httpx_peak_mb": peak("raw_httpx"),
        "steps": steps,
        "rounds": len(found["tao"].replies),
        "versions": versions,
    }


def measure(peers: Sequence[str], *, rounds: int, steps: int, show: Callable[[str], None]) -> dict[str, Any]:
    """Run all participants in turn, round after round, in another order each time."""
    here = Path(sys.executable)
    ours = [Path(path) for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    found: dict[str, Participant] = {}
    with ExitStack() as stack:
        scripted, url = stack.enter_context(endpoint(here, ours))

        def start(name: str, python: Path, module: str, *flags: str, paths: Sequence[Path] = ()) -> None:
            found[name].lines = stack.enter_context(process(python, module, url, *flags, paths=paths))
            for _ in range(_WARM_UPS):
                found[name].run(scripted, steps)
            found[name].replies.clear()
            show(f"{name} is ready")

        asked: dict[str, list[dict[str, Any]]] = {}
        for name, (module, *flags) in _OURS.items():
            found[name] = Participant()
            start(name, here, module, *flags, paths=ours)
            asked[name] = scripted.requests()
        for name, beside in _FLOORS.items():
            found[name] = Participant(task={"bodies": asked[beside]}, answers=False)
            start(name, here, "benchmarks.overhead_floor", paths=ours)
        for name in peers:
            found[name] = Participant()
            script = f"benchmarks.peers.{name.replace('-', '_')}_loop"
            with _excused(found[name]):
                start(name, python_of(name, _PEERS[name]), script)
        _play(found, peers, scripted, rounds=rounds, steps=steps, show=show)
    return report(found, peers, steps) | {"prefix_reuse": prefix_reuse(asked["tao"])}


def _play(
    found: Mapping[str, Participant],
    peers: Sequence[str],
    scripted: Endpoint,
    *,
    rounds: int,
    steps: int,
    show: Callable[[str], None],
) -> None:
    names = list(found)
    for number in range(rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            if found[name].reason is None:
                with _excused(found[name] if name in peers else None):
                    found[name].run(scripted, steps)
        show(f"round {number + 1} of {rounds}")


@contextmanager
def _excused(participant: Participant | None) -> Iterator[None]:
    """What a peer fails at is its reason to be left out; with None, it is a failure of the benchmark."""
    try:
        yield
    except PeerError as exc:
        if participant is None:
            raise
        participant.reason = str(exc)


@click.command(help=__doc__)
@click.option("--rounds", type=click.IntRange(min=1), default=15, show_default=True)
@click.option("--steps", type=click.IntRange(min=2), default=20, show_default=True, help="Of each run.")
@click.option("--peers", default="all", show_default=True, help="none, all, or names parted by commas.")
@click.option(
    "--model", default="local-small", show_default=True, help="Embedded model, or none, for its cache."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object alone.")
def main(rounds: int, steps: int, peers: str, model: str, as_json: bool) -> None:
    names = list(_PEERS) if peers == "all" else [] if peers == "none" else peers.split(",")
    if unknown := [name for name in names if name not in _PEERS]:
        raise click.UsageError(f"No peer is called {unknown[0]!r}. There are {', '.join(_PEERS)}.")

    def show(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    try:
        figures = measure(names, rounds=rounds, steps=steps, show=show)
    except PeerError as exc:
        raise click.ClickException(f"Tao or httpx itself did not run: {exc}") from exc
    # After the timings, since it keeps every core busy.
    figures["cached_tokens"] = None if model == "none" else anyio.run(cached_tokens, model)
    if not as_json:
        for name, said in {"tao": figures["tao_ms"], **figures["peers"]}.items():
            print(f"{name:12} {said} ms a step")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
