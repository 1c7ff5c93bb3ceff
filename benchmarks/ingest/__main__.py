"""How fast documents go in, and how fast they are found among many.

`python -m benchmarks.ingest --data DIR [--limit N] [--sizes 1000,100000,1000000] [--cache DIR] [--json]`.
DIR holds retrieval sets in BEIR form; N passages of each of three are written to files, one a passage, and
taken in by the whole pipeline; then the same chunks are embedded alone, in the same process. Searching is
measured in collections of synthetic words and vectors, which are kept in `--cache`: a million chunks take
about an hour to make and 7 GB.
"""

import json
import subprocess
import sys
import tempfile
from itertools import islice
from pathlib import Path
from typing import Any

import click
from platformdirs import user_cache_path

from benchmarks.ingest.search import measure

_SETS = ("cmrc2018_zh", "dureader_search_zh", "scifact_en")


@click.command()
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option(
    "--limit", type=click.IntRange(min=1), default=400, show_default=True, help="Passages of a set."
)
@click.option("--sizes", default="1000,100000,1000000", show_default=True, help="Chunks to search among.")
@click.option("--cache", type=click.Path(file_okay=False, path_type=Path), help="Where collections are kept.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on the last line.")
def main(data: Path, limit: int, sizes: str, cache: Path | None, as_json: bool) -> None:
    """Measure ingest against the bare embedder, and search against a bare Chroma query."""
    with tempfile.TemporaryDirectory() as folder:
        rate = _rate(data, limit, Path(folder))
    click.echo(f"ingest: {rate}", err=True)
    store = cache or user_cache_path("tao") / "benchmarks" / "ingest"
    searches = {}
    for size in [int(size) for size in sizes.split(",") if size]:
        searches[str(size)] = measure(size, store)
        click.echo(f"search among {size}: {searches[str(size)]}", err=True)
    found = {
        "chunks_per_second": round(rate["chunks"] / rate["seconds"], 1),
        "ratio_to_embedder": round(rate["embedder_seconds"] / rate["seconds"], 3),
        "peak_mb": round(rate["peak_mb"]),
        "search_p50_ms": {size: round(times["search_p50_ms"], 2) for size, times in searches.items()},
        "search_p95_ms": {size: round(times["search_p95_ms"], 2) for size, times in searches.items()},
        "search_ratio_to_chroma": {
            size: round(times["search_p50_ms"] / times["chroma_p50_ms"], 2)
            for size, times in searches.items()
        },
        "ingest": rate,
        "search": searches,
    }
    if as_json:
        click.echo(json.dumps(found))
    else:
        for key, value in found.items():
            click.echo(f"{key}: {value}")


def _rate(data: Path, limit: int, folder: Path) -> dict[str, Any]:
    files = folder / "files"
    for name in _SETS:
        (files / name).mkdir(parents=True)
        with (data / name / "corpus.jsonl").open(encoding="utf-8") as corpus:
            lines = list(islice(corpus, limit))
        for number, line in enumerate(lines):
            record = json.loads(line)
            text = f"# {record['title']}\n\n{record['text']}\n" if record.get("title") else record["text"]
            (files / name / f"{number}.md").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "benchmarks.ingest.rate", str(files), str(folder / "store")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


if __name__ == "__main__":
    main()
