"""The command line of `tao-knowledge`."""

import functools
import gc
import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from tao.models.embeddings import BundledEmbedder
from tao.models.loading import MissingExtra
from tao.settings import data_dir
from tao_servers.knowledge.database import EmptyStoreError, StoreError
from tao_servers.knowledge.store import Source, open_store
from tao_servers.serving.options import Serving, serving_options
from tao_servers.serving.settings import read_settings

__all__ = ["cli"]


def _with_store(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the option `--store`, and its errors one line on stderr."""

    @click.option(
        "--store",
        type=click.Path(path_type=Path, file_okay=False),
        help="Folder of the collection, instead of TAO_KNOWLEDGE_PATH or the one in the data folder.",
    )
    @click.pass_context
    @functools.wraps(command)
    def wrapped(context: click.Context, /, store: Path | None, **arguments: Any) -> None:
        chosen = store or context.obj or read_settings().knowledge.path or data_dir() / "knowledge"
        context.obj = chosen.expanduser().absolute()
        try:
            command(context.obj, **arguments)
        except (MissingExtra, StoreError) as exc:
            raise click.ClickException(str(exc)) from exc

    return wrapped


@click.group(name="tao-knowledge", invoke_without_command=True)
@_with_store
@serving_options
def cli(store: Path, serving: Serving) -> None:
    """Serve search_knowledge; with a command, look after the documents it searches."""
    if click.get_current_context().invoked_subcommand is None:
        _serve(store, serving)
    else:
        # `main` turned it off for a fast start, but what a large ingest leaves behind has to be collected.
        gc.enable()


def _serve(store: Path, serving: Serving) -> None:
    from tao_servers.knowledge.search import Searcher
    from tao_servers.knowledge.server import build_server
    from tao_servers.serving.process import serve

    # The exact command: a model passes it on, and the user may have this store only here.
    option = "" if store == data_dir() / "knowledge" else f"--store {shlex.quote(str(store))} "
    with Searcher(store, BundledEmbedder()) as searcher:
        command = f"tao-knowledge ingest {option}PATH..."
        serve(lambda: build_server(searcher, ingest_command=command), serving, warm=searcher.warm)


@cli.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object on stdout.")
@_with_store
def ingest(store: Path, paths: tuple[Path, ...], as_json: bool) -> None:
    """Take in text files and folders of them; what has not changed is left as it is."""
    from tao_servers.knowledge.intake import take_in

    intake = take_in(paths, store, BundledEmbedder())
    if as_json:
        click.echo(json.dumps(intake.summary(), ensure_ascii=False))
    for line in intake.lines():
        click.echo(line, err=True)
    sys.exit(intake.exit_code)


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list on stdout.")
@_with_store
def sources(store: Path, as_json: bool) -> None:
    """List the documents in the store."""
    known = _sources(store)
    if as_json:
        rows = [{"path": source.path, "passages": source.passages, "added": source.added} for source in known]
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for source in known:
        click.echo(f"{source.passages:>8}  {source.path}")
    click.echo(f"Documents in {store}: {len(known)}", err=True)


@cli.command()
@_with_store
def folder(store: Path) -> None:
    """Print the folder of the store."""
    click.echo(str(store))


@cli.command()
@click.argument("names", nargs=-1, required=True, metavar="SOURCE...")
@_with_store
def remove(store: Path, names: tuple[str, ...]) -> None:
    """Forget documents, each given by its path or, if no other has it, its file name."""
    from tao_servers.knowledge.ingest import path_text

    with open_store(store, BundledEmbedder(), write=bool(_sources(store))) as opened:
        known = [source.path for source in opened.sources()]
        wanted = [_only_match(name, path_text(Path(name)), known) for name in names]
        for path in dict.fromkeys(wanted):
            click.echo(f"Removed {path} ({opened.remove(path)} passages)", err=True)


def _sources(store: Path) -> list[Source]:
    try:
        with open_store(store, BundledEmbedder()) as opened:
            return opened.sources()
    except EmptyStoreError:
        return []


def _only_match(name: str, absolute: str, known: list[str]) -> str:
    if absolute in known:
        return absolute
    matches = [path for path in known if Path(path).name == name]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise click.ClickException(f"{name!r} is the name of several documents: {', '.join(matches)}.")
    raise click.ClickException(f"No document {name!r} in the store. `tao-knowledge sources` lists them.")
