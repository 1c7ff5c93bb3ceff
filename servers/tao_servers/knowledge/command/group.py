"""The group of commands, which serves when no command is given."""

import gc
import logging
import os
import shlex
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tao_servers.knowledge.command.checking import check
from tao_servers.knowledge.command.evaluating import evaluate
from tao_servers.knowledge.command.ingest import ingest
from tao_servers.knowledge.command.judging import judge
from tao_servers.knowledge.command.listing import collections, folder, sources
from tao_servers.knowledge.command.options import Chosen, default_store, on_a_collection
from tao_servers.knowledge.command.pulling import pull
from tao_servers.knowledge.command.removing import remove
from tao_servers.knowledge.command.searching import search
from tao_servers.knowledge.command.upgrade import status, upgrade
from tao_servers.knowledge.command.upgrade_start import start_upgrade
from tao_servers.serving.options import Serving, serving_options

if TYPE_CHECKING:
    from tao.models.embeddings import Embedder
    from tao_servers.knowledge.index import Place
    from tao_servers.knowledge.ingesting.intake import Plan
    from tao_servers.knowledge.tools import Desk

__all__ = ["cli"]

_log = logging.getLogger(__name__)


@click.group(name="tao-knowledge", invoke_without_command=True)
@click.option("--writable", is_flag=True, help="Serve add_text and remove_source, too.")
@click.option(
    "--allow",
    "allowed",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder that add_file may take files from, with --writable; repeatable.",
)
@on_a_collection
@serving_options
def cli(chosen: Chosen, serving: Serving, *, writable: bool, allowed: tuple[Path, ...]) -> None:
    """Serve search_knowledge; with a command, look after the documents it searches."""
    if allowed and not writable:
        raise click.UsageError("--allow says what add_file may take in: add --writable.")
    if click.get_current_context().invoked_subcommand is None:
        _serve(chosen, serving, allowed if writable else None)
    else:
        # `main` turned it off for a fast start, but what a large ingest leaves behind has to be collected.
        gc.enable()


_COMMANDS = (
    ingest,
    sources,
    collections,
    search,
    remove,
    check,
    upgrade,
    status,
    pull,
    folder,
    evaluate,
    judge,
)
for _command in _COMMANDS:
    cli.add_command(_command)


def _serve(chosen: Chosen, serving: Serving, allowed: Sequence[Path] | None) -> None:
    """Serve; without `allowed`, the folders that files may come from, documents are only read."""
    from tao_servers.knowledge import opening
    from tao_servers.knowledge.server import build_server
    from tao_servers.knowledge.tools import Library
    from tao_servers.serving.process import serve

    with (
        opening.models(chosen.settings) as models,
        Library(chosen.place, lambda place: opening.searcher(chosen.knowledge, place, models)) as library,
    ):
        desk = None if allowed is None else _desk(chosen, allowed, models.embedder)
        command = _ingest_command(chosen)
        with library.searching(chosen.place):
            # A wrong setting is told now, and not to the model by and by.
            pass
        serve(lambda: build_server(library, desk=desk, ingest_command=command), serving, warm=library.warm)


def _desk(chosen: Chosen, allowed: Sequence[Path], embedder: "Embedder") -> "Desk":
    from tao_servers.knowledge.command.planning import Wishes, planned
    from tao_servers.knowledge.tools import Desk

    def upgrade(place: "Place") -> None:
        # In a thread: the caller need not wait until another process has started.
        start = partial(start_upgrade, chosen.knowledge, place, say=_log.info)
        threading.Thread(target=start, daemon=True).start()

    @contextmanager
    def plan(collection: str, tags: Mapping[str, Sequence[str]]) -> "Iterator[Plan]":
        with planned(replace(chosen, collection=collection), Wishes(tags=tags), embedder=embedder) as made:
            yield made

    return Desk(plan, tuple(Path(os.path.abspath(folder)) for folder in allowed), added=upgrade)


def _ingest_command(chosen: Chosen) -> str:
    # The exact command: a model passes it on, and the user may have this store only here.
    store = "" if chosen.store == default_store() else f"--store {shlex.quote(str(chosen.store))} "
    collection = "" if chosen.collection == "default" else f"--collection {shlex.quote(chosen.collection)} "
    return f"tao-knowledge ingest {store}{collection}PATH..."
