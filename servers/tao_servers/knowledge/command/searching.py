"""`tao-knowledge search`."""

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from tao_servers.knowledge.command.options import Chosen, on_a_collection

if TYPE_CHECKING:
    from tao_servers.knowledge.search import Match

__all__ = ["search"]

_CHARS = 400


@click.command()
@click.argument("query")
@click.option("--top-k", type=click.IntRange(1, 100), default=5, show_default=True, help="How many passages.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list on stdout.")
@on_a_collection
def search(chosen: Chosen, *, query: str, top_k: int, as_json: bool) -> None:
    """Show the passages that a host would get for a query, the best first.

    Exit code: 0 if there are some, 1 if not.
    """
    from tao_servers.knowledge import opening
    from tao_servers.knowledge.index import EmptyStoreError
    from tao_servers.knowledge.search import Searcher

    settings = chosen.knowledge
    if not query.strip():
        raise click.UsageError("The query is empty. Say what to look for.")
    with Searcher(
        chosen.place,
        opening.embedder(settings),
        strong=opening.strong(settings),
        reranker=opening.reranker(settings),
    ) as searcher:
        try:
            matches = searcher.search(query, top_k)
        except EmptyStoreError as exc:
            raise click.ClickException(f"{exc} `tao-knowledge ingest` takes documents in.") from exc
    if as_json:
        click.echo(json.dumps([asdict(match) for match in matches], ensure_ascii=False))
    else:
        for number, match in enumerate(matches, start=1):
            click.echo(_shown(number, match))
    sys.exit(0 if matches else 1)


def _shown(number: int, match: "Match") -> str:
    page = f", page {match.page}" if match.page is not None else ""
    heading = f", {match.heading}" if match.heading else ""
    text = " ".join(match.excerpt(_CHARS).split())
    return f"[{number}] {match.score:.3f}  {match.path}:{match.line}{page}{heading}\n    {text}"
