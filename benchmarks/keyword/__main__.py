"""How well the terms of the keyword index find passages, and how fast, beside other indexes.

`python -m benchmarks.keyword --data DIR [--sizes 1000,100000] [--json]`. DIR holds sets with `corpus.jsonl`,
`queries.jsonl` and `qrels.tsv`. nDCG@10 is of tantivy's BM25, whose k1 is 1.2 and b 0.75 and cannot be set; a
set's README may name a plain BM25 (k1 0.9, b 0.4), which is put beside it. Speed is measured on chunks made
of sentences of all sets: their terms are the same for every index, and the time to find them is told apart.
SQLite is the one that Python has; bm25s is measured where it is installed.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

import click

from benchmarks.keyword.chunks import Chunks
from benchmarks.keyword.engines import engines
from benchmarks.keyword.quality import analysis_speed, quality
from benchmarks.keyword.sets import read_sets
from benchmarks.keyword.speed import speed


@click.command()
@click.option("--data", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True)
@click.option("--sizes", default="1000,100000", show_default=True, help="How many chunks.")
@click.option("--peers", default="all", show_default=True, help="all, none, or names with commas.")
@click.option("--limit", default=None, type=int, help="Questions of each set.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on the last line.")
def main(data: Path, sizes: str, peers: str, limit: int | None, as_json: bool) -> None:
    """Measure the keyword index."""
    sets = read_sets(data, limit)
    found: dict[str, Any] = {"analysis_mb_per_second": analysis_speed(sets), "sets": {}}
    for one in sets:
        with tempfile.TemporaryDirectory() as folder:
            found["sets"][one.name] = quality(one, Path(folder) / "words")
        click.echo(f"{one.name}: {found['sets'][one.name]}", err=True)
    found["engines"] = {}
    for size in [int(size) for size in sizes.split(",") if size]:
        chunks = Chunks(sets, size)
        for engine in engines(peers):
            with tempfile.TemporaryDirectory() as folder, engine(Path(folder) / "index") as index:
                measured = speed(index, chunks, Path(folder))
            found["engines"].setdefault(engine.name, {})[size] = measured
            click.echo(f"{engine.name}, {size} chunks: {measured}", err=True)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))


if __name__ == "__main__":
    main()
