"""An ingest killed again and again: is anything lost, or half written?

`python -m benchmarks.crashes [--kills 100] [--seed N] [--documents 30] [--json]`. A folder of small documents
of several kinds, of which some change, vanish and come back between the rounds, is ingested by a real process
that is killed with -9; another process searches all the time. After each kill every document that was live is
still so, in its old or its new form, with all its passages. About every second time `tao-knowledge check`
compares the indexes with the catalogue, and sometimes vectors are lost then, which the next writer mends. In
the end one ingest is left alone, and each document is found by a word and by a passage of its own.
"""

import json
import sys
import tempfile
from pathlib import Path

import click

from benchmarks.crashes.rounds import run


@click.command()
@click.option("--kills", type=click.IntRange(min=1), default=100, show_default=True)
@click.option(
    "--seed", default=0, show_default=True, help="Of the changes and, as far as it can be, the kills."
)
@click.option("--documents", type=click.IntRange(min=3), default=30, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on the last line.")
def main(kills: int, seed: int, documents: int, as_json: bool) -> None:
    """Kill ingests and say what is found."""
    with tempfile.TemporaryDirectory(prefix="tao-crashes-") as home:
        found, seconds = run(Path(home), kills=kills, seed=seed, documents=documents)
    for note in found.notes:
        click.echo(note, err=True)
    row = {**vars(found), "notes": len(found.notes), "seconds": round(seconds, 1)}
    if as_json:
        click.echo(json.dumps(row, ensure_ascii=False))
    else:
        for key, value in row.items():
            click.echo(f"{key}: {value}")
    sys.exit(0 if found.good else 1)


if __name__ == "__main__":
    main()
