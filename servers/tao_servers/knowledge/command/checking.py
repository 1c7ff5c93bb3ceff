"""`tao-knowledge check`."""

import json
import sys
from dataclasses import asdict

import click

from tao_servers.knowledge.command.options import Chosen, on_a_collection

__all__ = ["check"]

_WAIT_SECONDS = 10.0


@click.command()
@click.option("--repair", is_flag=True, help="Make the indexes agree with the catalogue again.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
@on_a_collection
def check(chosen: Chosen, *, repair: bool, as_json: bool) -> None:
    """Compare the indexes of a collection with its catalogue, chunk by chunk.

    Exit code: 0 if they agree, or do so after --repair; 1 if they do not.
    """
    from tao_servers.knowledge import opening
    from tao_servers.knowledge.index import EmptyStoreError, open_writer

    place = chosen.place
    if not place.catalogue.is_file():
        raise EmptyStoreError(f"There is no collection {place.name!r} in {str(place.store)!r}.")
    with open_writer(place, opening.embedder(chosen.knowledge), wait=_WAIT_SECONDS) as writer:
        found = writer.check()
        repaired = repair and bool(found)
        if repaired:
            writer.mend()
        good = not found or (repaired and not writer.check())
    numbers: dict[str, int] = asdict(found)
    if as_json:
        click.echo(json.dumps({"agree": not found, "repaired": repaired and good, **numbers}))
    wrong = ", ".join(f"{name.replace('_', ' ')}: {count}" for name, count in numbers.items() if count)
    said = f"They do not agree ({wrong})." if found else "Everything agrees."
    advice = "" if good else " `tao-knowledge check --repair` makes them agree."
    click.echo(f"{said}{' Repaired.' if repaired and good else advice}", err=True)
    sys.exit(0 if good else 1)
