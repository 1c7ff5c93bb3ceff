"""The group of commands, which serves when no command is given."""

import gc
import shlex

import click

from tao_servers.knowledge.command.checking import check
from tao_servers.knowledge.command.ingest import ingest
from tao_servers.knowledge.command.listing import collections, folder, sources
from tao_servers.knowledge.command.options import Chosen, default_store, on_a_collection
from tao_servers.knowledge.command.pulling import pull
from tao_servers.knowledge.command.removing import remove
from tao_servers.knowledge.command.searching import search
from tao_servers.knowledge.command.upgrade import status, upgrade
from tao_servers.serving.options import Serving, serving_options

__all__ = ["cli"]


@click.group(name="tao-knowledge", invoke_without_command=True)
@on_a_collection
@serving_options
def cli(chosen: Chosen, serving: Serving) -> None:
    """Serve search_knowledge; with a command, look after the documents it searches."""
    if click.get_current_context().invoked_subcommand is None:
        _serve(chosen, serving)
    else:
        # `main` turned it off for a fast start, but what a large ingest leaves behind has to be collected.
        gc.enable()


for _command in (ingest, sources, collections, search, remove, check, upgrade, status, pull, folder):
    cli.add_command(_command)


def _serve(chosen: Chosen, serving: Serving) -> None:
    from tao_servers.knowledge import opening
    from tao_servers.knowledge.search import Searcher
    from tao_servers.knowledge.server import build_server
    from tao_servers.serving.process import serve

    settings = chosen.knowledge
    searcher = Searcher(
        chosen.place,
        opening.embedder(settings),
        strong=opening.strong(settings),
        reranker=opening.reranker(settings),
    )
    with searcher:
        command = _ingest_command(chosen)
        serve(lambda: build_server(searcher, ingest_command=command), serving, warm=searcher.warm)


def _ingest_command(chosen: Chosen) -> str:
    # The exact command: a model passes it on, and the user may have this store only here.
    store = "" if chosen.store == default_store() else f"--store {shlex.quote(str(chosen.store))} "
    collection = "" if chosen.collection == "default" else f"--collection {shlex.quote(chosen.collection)} "
    return f"tao-knowledge ingest {store}{collection}PATH..."
