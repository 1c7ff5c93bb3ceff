"""`tao-knowledge upgrade` and `tao-knowledge status`."""

import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tao.errors import ConfigError, TaoError
from tao_servers.knowledge.command.listing import tell_failures
from tao_servers.knowledge.command.options import INTERRUPTED, Chosen, in_a_store, on_a_collection
from tao_servers.knowledge.counting import counted

if TYPE_CHECKING:
    from tao_servers.knowledge.index import Standing
    from tao_servers.knowledge.ingesting.upgrade_record import UpgradeState

__all__ = ["status", "upgrade"]

# The longest that `--background` looks for the rate, to tell how long it will take.
_PATIENCE_SECONDS = 5.0
_NICENESS = 10

_HELP = """Give a collection the vectors of the strong embedder (TAO_KNOWLEDGE_UPGRADE).

Until all documents have them it is searched with the fast ones, and may be written to. The newest documents
come first. Ctrl-C ends it; the next run goes on there.

\b
  tao-knowledge upgrade --collection 财务
  tao-knowledge upgrade --background
  tao-knowledge status
  tao-knowledge upgrade --stop

Exit code: 0 when all is upgraded, or for --background and --stop; 1 if the collection is not there or
cannot be used, 2 for wrong settings, 3 if a model failed, 130 if it was stopped."""


@click.command(help=_HELP)
@click.option("--background", is_flag=True, help="Start it in a process of its own and return.")
@click.option("--stop", "stopping", is_flag=True, help="End the upgrade of this collection that runs.")
@on_a_collection
def upgrade(chosen: Chosen, *, background: bool, stopping: bool) -> None:
    """Upgrade here, in the background, or end an upgrade."""
    if background and stopping:
        raise click.UsageError("--background and --stop do not go together.")
    if stopping:
        _stop(chosen)
        return
    from tao_servers.knowledge.opening import strong_name

    place = chosen.place
    if not place.catalogue.is_file():
        raise click.ClickException(
            f"There is no collection {place.name!r} in {str(place.store)!r}. "
            "`tao-knowledge collections` lists them."
        )
    if strong_name(chosen.knowledge) is None:
        raise ConfigError(
            "No strong embedder is set, or 'bundled-large' does not run here. Set TAO_KNOWLEDGE_UPGRADE, for "
            "instance to 'openai:MODEL', here and for the server that searches."
        )
    if background:
        for line in _begun(chosen):
            click.echo(line, err=True)
        return
    sys.exit(_upgrade_here(chosen))


def _begun(chosen: Chosen) -> list[str]:
    """Start an upgrade in the background, and say how it stands and how to look at it and end it."""
    from tao_servers.knowledge.ingesting.upgrade_display import amount, how_it_ended
    from tao_servers.knowledge.ingesting.upgrade_process import start_background

    state = start_background(chosen.place, patience=_PATIENCE_SECONDS)
    if state.ended is not None:
        return [f"The collection {chosen.collection!r}: {how_it_ended(state)}."]
    option = "" if chosen.collection == "default" else f" --collection {chosen.collection}"
    return [
        f"The collection {chosen.collection!r} is being upgraded in the background by {state.strong!r} "
        f"(process {state.pid}): {amount(state)}. Search uses it when it is done.",
        f"Look at it with `tao-knowledge status`; end it with `tao-knowledge upgrade --stop{option}`.",
    ]


def _stop(chosen: Chosen) -> None:
    from tao_servers.knowledge.ingesting.upgrade_display import amount
    from tao_servers.knowledge.ingesting.upgrade_process import end_background

    ended = end_background(chosen.place)
    said = "No upgrade of this collection runs." if ended is None else f"Ended: {amount(ended)}."
    click.echo(said, err=True)


def _upgrade_here(chosen: Chosen) -> int:
    from tao_servers.knowledge import opening
    from tao_servers.knowledge.index import StoreError
    from tao_servers.knowledge.ingesting import upgrading
    from tao_servers.knowledge.ingesting.upgrade_display import how_it_ended, shown
    from tao_servers.knowledge.ingesting.upgrade_record import Recorder, UpgradeRecord

    place, embedder = chosen.place, opening.embedder(chosen.knowledge)
    strong = opening.strong(chosen.knowledge)
    assert strong is not None
    _give_way()
    record = UpgradeRecord(place.folder)
    stop = threading.Event()
    with record.held(), _stopped_by_signals(stop):
        recorder = Recorder(record, collection=place.name, strong=strong.name, stop=stop)
        try:
            with shown(recorder) as watcher:
                ending = upgrading.upgrade(place, embedder, strong, watcher=watcher, stop=stop)
        except (TaoError, StoreError) as exc:
            recorder.failed(str(exc))
            raise
        except BaseException as exc:
            recorder.failed(f"{type(exc).__name__}: {exc}")
            raise
        recorder.ended(ending)
    click.echo(f"The collection {place.name!r}: {how_it_ended(recorder.state)}.", err=True)
    return {"upgraded": 0, "stopped": INTERRUPTED, "gone": 1}[ending]


def _give_way() -> None:
    """Let whatever else wants the cores have them first: nobody waits for this."""
    if hasattr(os, "nice"):
        os.nice(max(0, _NICENESS - os.nice(0)))


@contextmanager
def _stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    """Let the first Ctrl-C or SIGTERM end it in good order, and a second one at once."""

    def handle(number: int, _: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        click.echo("Ending; what is embedded is kept. Ctrl-C again ends it at once.", err=True)

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass(frozen=True)
class _Seen:
    """A collection, and the last upgrade of it."""

    standing: "Standing"
    state: "UpgradeState | None"
    running: bool
    log: Path


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list on stdout.")
@in_a_store
def status(chosen: Chosen, *, as_json: bool) -> None:
    """Show each collection: its size, its embedders, and how far it is upgraded."""
    from tao_servers.knowledge.index import StoreError, places, standing
    from tao_servers.knowledge.ingesting.upgrade_record import UpgradeRecord

    seen, failures = [], []
    for catalogue in places(chosen.store):
        record = UpgradeRecord(catalogue.parent)
        # In this order: what ends in between has left its last state.
        running = record.running()
        try:
            seen.append(_Seen(standing(catalogue), record.read(), running, record.log))
        except StoreError as exc:
            failures.append(str(exc))
    if as_json:
        click.echo(json.dumps([_as_json(one) for one in seen], ensure_ascii=False))
    else:
        for line in chain.from_iterable(map(_lines, seen)):
            click.echo(line)
        click.echo(f"Collections in {chosen.store}: {len(seen)}", err=True)
    tell_failures(failures)


def _as_json(one: _Seen) -> dict[str, Any]:
    totals, state = one.standing.totals, one.state
    return {
        "collection": one.standing.name,
        "documents": totals.documents,
        "chunks": totals.chunks,
        "bytes": one.standing.bytes,
        "embedder": one.standing.embedder,
        "strong": one.standing.strong,
        "upgraded": _upgraded(one),
        "of": totals.indexed,
        "running": one.running,
        "pid": state.pid if state and one.running else None,
        "rate": state.rate if state and one.running else None,
        "seconds_left": state.left_seconds if state and one.running else None,
        "last_ended": state.ended if state and not one.running else None,
        "last_error": state.error if state and not one.running else None,
    }


def _lines(one: _Seen) -> Iterator[str]:
    from tao_servers.knowledge.ingesting.upgrade_display import amount

    totals, name = one.standing.totals, one.standing.name
    yield (
        f"{name}: {counted(totals.documents, 'document')}, {counted(totals.chunks, 'chunk')}, "
        f"{one.standing.bytes / 1e6:,.1f} MB, embedder {one.standing.embedder}"
    )
    if one.standing.strong is not None:
        yield f"  upgraded by {one.standing.strong}: {_upgraded(one):,} of {totals.indexed:,} chunks"
    if one.state is None:
        return
    if one.running:
        yield f"  being upgraded (process {one.state.pid}): {amount(one.state)}"
    elif one.state.ended is None:
        yield "  the last upgrade was killed; `tao-knowledge upgrade` goes on with it"
    elif one.state.error is not None:
        yield f"  the last upgrade failed: {one.state.error} (log: {one.log})"


def _upgraded(one: _Seen) -> int:
    """Chunks with stronger vectors; the catalogue counts whole documents only."""
    upgraded = one.standing.totals.upgraded
    return max(upgraded, one.state.done) if one.running and one.state else upgraded
