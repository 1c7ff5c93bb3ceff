"""`tao-knowledge search`."""

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from tao_servers.knowledge.command.options import Chosen, on_a_collection

if TYPE_CHECKING:
    from tao_servers.knowledge.index import Place
    from tao_servers.knowledge.retrieving import Match, Where

__all__ = ["search"]

_CHARS = 400
_WHERE_CHARS = 200


@click.command()
@click.argument("query")
@click.option("--top-k", type=click.IntRange(1, 100), default=5, show_default=True, help="How many passages.")
@click.option("--where", metavar="JSON", help='Only in documents such as {"tag": "财务"}; see the manual.')
@click.option(
    "--earlier", multiple=True, metavar="TEXT", help="What was said before, for the model that rewrites."
)
@click.option("--explain", is_flag=True, help="Show the score that each stage gave.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list on stdout.")
@on_a_collection
def search(
    chosen: Chosen,
    *,
    query: str,
    top_k: int,
    where: str | None,
    earlier: tuple[str, ...],
    explain: bool,
    as_json: bool,
) -> None:
    """Show the passages that a host would get for a query, the best first.

    Exit code: 0 if there are some, 1 if not.
    """
    from tao_servers.knowledge import opening
    from tao_servers.knowledge.index import EmptyStoreError

    if not query.strip():
        raise click.UsageError("The query is empty. Say what to look for.")
    conditions = None if where is None else _conditions(where)
    with (
        opening.models(chosen.settings) as models,
        opening.searcher(chosen.knowledge, chosen.place, models) as searcher,
    ):
        asked = searcher.rewritten(query, earlier=earlier)
        if asked.kept:
            click.echo(f"Searched for: {' | '.join(asked.queries)}", err=True)
        try:
            matches = searcher.search(
                asked.queries[0],
                top_k,
                also=asked.queries[1:],
                hypothetical=asked.hypothetical,
                where=conditions,
            )
        except EmptyStoreError as exc:
            raise click.ClickException(f"{exc} `tao-knowledge ingest` takes documents in.") from exc
    if as_json:
        click.echo(json.dumps([asdict(match) for match in matches], ensure_ascii=False))
    for number, match in enumerate(() if as_json else matches, start=1):
        click.echo(_shown(number, match, explain=explain))
    if not matches:
        click.echo(_why_nothing(chosen.place, conditions), err=True)
    sys.exit(0 if matches else 1)


def _why_nothing(place: "Place", where: "Where | None") -> str:
    from tao_servers.knowledge.index.catalogue import open_catalogue
    from tao_servers.knowledge.retrieving.where import nothing_because

    if where is not None:
        with open_catalogue(place.catalogue, write=False) as catalogue:
            if not catalogue.documents_where(where.sql, where.values):
                return nothing_because(where, catalogue.fields.known())
    return "Nothing relevant was found."


def _conditions(where: str) -> "Where":
    from tao_servers.knowledge.retrieving import WhereError, parse_where

    try:
        parsed = json.loads(where)
        if not isinstance(parsed, dict):
            raise WhereError("an object of fields and conditions is wanted.")
        return parse_where(parsed)
    except (ValueError, RecursionError) as exc:
        raise click.UsageError(f"--where {where[:_WHERE_CHARS]!r}: {exc}") from exc


def _shown(number: int, match: "Match", *, explain: bool) -> str:
    page = f", page {match.page}" if match.page is not None else ""
    heading = f", {match.heading}" if match.heading else ""
    text = " ".join(match.excerpt(_CHARS).split())
    shown = f"[{number}] {match.score:.3f}  {match.path}:{match.line}{page}{heading}\n    {text}"
    if explain:
        shown += "\n    " + ", ".join(f"{stage} {score:.3f}" for stage, score in match.steps.items())
    return shown
