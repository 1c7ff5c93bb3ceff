"""`tao-knowledge remove`."""

import os
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import click

from tao_servers.knowledge.command.listing import known_sources
from tao_servers.knowledge.command.options import Chosen, on_a_collection
from tao_servers.knowledge.counting import counted

if TYPE_CHECKING:
    from tao_servers.knowledge.index import Source

__all__ = ["remove"]

_WAIT_SECONDS = 10.0


@click.command()
@click.argument("names", nargs=-1, metavar="SOURCE...")
@click.option("--all", "everything", is_flag=True, help="Delete the collection itself.")
@on_a_collection
def remove(chosen: Chosen, *, names: tuple[str, ...], everything: bool) -> None:
    """Forget documents, each given by its path, its address or, if no other has it, its file name.

    With --all the whole collection goes: `tao-knowledge remove --all --collection NAME`.
    """
    from tao_servers.knowledge import opening
    from tao_servers.knowledge.index import delete_collection, open_writer

    if everything == bool(names):
        raise click.UsageError("Name the documents to remove, or give --all.")
    place = chosen.place
    if everything:
        delete_collection(place, wait=_WAIT_SECONDS)
        click.echo(f"Deleted the collection {place.name!r} ({place.folder})", err=True)
        return
    # Looked for first: what is not there must not bring a collection about.
    wanted = _wanted(names, known_sources(place), chosen)
    with open_writer(place, opening.embedder(chosen.knowledge), wait=_WAIT_SECONDS) as writer:
        # Another process may have replaced one meanwhile.
        now = [source for source in writer.sources() if source.source in wanted]
        writer.remove([source.id for source in now])
    for source in now:
        click.echo(f"Removed {source.source} ({counted(source.chunks, 'chunk')})", err=True)


def _wanted(names: Sequence[str], known: "Sequence[Source]", chosen: Chosen) -> set[str]:
    if not known:
        raise click.ClickException(f"The collection {chosen.collection!r} in {str(chosen.store)!r} is empty.")
    sources = [source.source for source in known]
    return {_only_match(name, sources) for name in names}


def _only_match(name: str, known: Sequence[str]) -> str:
    from tao_servers.knowledge.ingesting.origin import path_text

    for whole in (name, path_text(Path(os.path.expanduser(name)))):
        if whole in known:
            return whole
    matches = [source for source in known if PurePath(source).name == name]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise click.ClickException(f"{name!r} is the name of several documents: {', '.join(matches)}.")
    raise click.ClickException(f"No document {name!r} in the collection. `tao-knowledge sources` lists them.")
