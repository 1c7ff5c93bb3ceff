"""Commands that list what there is: `sources`, `collections`, `folder`."""

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import click

from tao_servers.knowledge.command.options import Chosen, in_a_store, on_a_collection
from tao_servers.knowledge.counting import counted

if TYPE_CHECKING:
    from tao_servers.knowledge.index import Place, Source, Standing

__all__ = ["collections", "folder", "known_sources", "sources", "tell_failures"]

_TAG_CHARS = 60
_WAIT_SECONDS = 10.0


def known_sources(place: "Place") -> "list[Source]":
    """The documents of a collection, sorted; no model and no index is opened for that.

    Raises:
        StoreError: its catalogue cannot be read.
    """
    from tao_servers.knowledge.index.catalogue import open_catalogue
    from tao_servers.knowledge.index.errors import EmptyStoreError, translated

    if not place.catalogue.is_file():
        return []
    try:
        with translated(place.folder), open_catalogue(place.catalogue, write=False) as catalogue:
            return catalogue.sources()
    except EmptyStoreError:
        # Another process is making it at this moment.
        return []


def _known_standings(store: Path) -> "tuple[list[Standing], list[str]]":
    """How the collections of a store stand; and, of those that cannot be read, why."""
    from tao_servers.knowledge.index import StoreError, places, standing

    found, failures = [], []
    for catalogue in places(store):
        try:
            found.append(standing(catalogue))
        except StoreError as exc:
            failures.append(str(exc))
    return found, failures


def tell_failures(failures: Sequence[str]) -> None:
    """Say on stderr what failed, if anything did, and exit then."""
    for failure in failures:
        click.echo(f"Error: {failure}", err=True)
    if failures:
        sys.exit(1)


@click.command()
@click.option("--pattern", metavar="GLOB", help="Only those whose name or path matches, such as '*.pdf'.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list on stdout.")
@on_a_collection
def sources(chosen: Chosen, *, pattern: str | None, as_json: bool) -> None:
    """List the documents of a collection: chunks, language, path, title and tags."""
    known = [source for source in known_sources(chosen.place) if _matches(source.source, pattern)]
    if as_json:
        click.echo(json.dumps([_as_json(source) for source in known], ensure_ascii=False))
        return
    for source in known:
        click.echo(_line(source))
    click.echo(f"Documents in {chosen.store}, collection {chosen.collection!r}: {len(known)}", err=True)


def _matches(source: str, pattern: str | None) -> bool:
    if pattern is None:
        return True
    wanted, name = pattern.lower(), source.lower()
    return fnmatchcase(name, wanted) or fnmatchcase(PurePath(name).name, wanted)


def _line(source: "Source") -> str:
    tags = "".join(f" [{name}={_cut(', '.join(values))}]" for name, values in source.attributes.items())
    title = f" ({source.title})" if source.title else ""
    return f"{source.chunks:>8}  {source.language or '-':<2}  {source.source}{title}{tags}"


def _cut(text: str) -> str:
    return text if len(text) <= _TAG_CHARS else f"{text[:_TAG_CHARS]}…"


def _as_json(source: "Source") -> dict[str, Any]:
    return {
        "path": source.source,
        "title": source.title,
        "author": source.author,
        "language": source.language,
        "created": source.created,
        "modified": source.modified,
        "tags": source.attributes,
        "chunks": source.chunks,
        "characters": source.characters,
        "bytes": source.bytes,
        "unread": source.unread,
        "added": source.added,
        "upgraded": source.strong is not None,
    }


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list on stdout.")
@click.option("--describe", nargs=2, metavar="NAME TEXT", help="Say what is in a collection, for a model.")
@in_a_store
def collections(chosen: Chosen, *, as_json: bool, describe: tuple[str, str] | None) -> None:
    """List the collections of the store, with their sizes and embedders."""
    if describe is not None:
        _describe(replace(chosen, collection=describe[0]).place, describe[1])
    standings, failures = _known_standings(chosen.store)
    found = sorted(standings, key=lambda one: one.name)
    if as_json:
        click.echo(json.dumps([_standing_as_json(one) for one in found], ensure_ascii=False))
    else:
        _print_standings(found)
        click.echo(f"Collections in {chosen.store}: {len(found)}", err=True)
    tell_failures(failures)


def _describe(place: "Place", text: str) -> None:
    from tao_servers.knowledge.index.catalogue import open_catalogue
    from tao_servers.knowledge.index.errors import translated
    from tao_servers.knowledge.index.locks import writer_lock

    if not place.catalogue.is_file():
        raise click.ClickException(
            f"There is no collection {place.name!r}; without --describe they are listed."
        )
    with (
        translated(place.folder),
        writer_lock(place.folder, seconds=_WAIT_SECONDS),
        open_catalogue(place.catalogue, write=True) as catalogue,
    ):
        catalogue.note("description", " ".join(text.split()))


def _print_standings(found: "Sequence[Standing]") -> None:
    for one in found:
        totals = one.totals
        stronger = f", {totals.upgraded} of {totals.indexed} chunks by {one.strong}" if one.strong else ""
        click.echo(
            f"{one.name}: {counted(totals.documents, 'document')}, {counted(totals.chunks, 'chunk')}, "
            f"{one.bytes / 1e6:,.1f} MB, embedder {one.embedder}{stronger}"
        )


def _standing_as_json(one: "Standing") -> dict[str, Any]:
    totals = one.totals
    return {
        "name": one.name,
        "folder": str(one.folder),
        "documents": totals.documents,
        "chunks": totals.chunks,
        "bytes": one.bytes,
        "embedder": one.embedder,
        "upgrade": one.strong,
        "upgraded": totals.upgraded,
    }


@click.command()
@in_a_store
def folder(chosen: Chosen) -> None:
    """Print the folder of the store."""
    click.echo(str(chosen.store))
