"""How well the tables of a question are found in a schema of 900, by each part of the linking.

`python -m benchmarks.schema_linking --data DIR [--limit N] [--tables 900] [--most 8] [--legs LIST]
[--cache DIR] [--json]`. DIR holds text2sql sets: `NAME/questions.jsonl` and `NAME/databases/*.sqlite`. All
tables of all databases become one schema, filled up with made-up business tables in English and Chinese; a
name that occurs twice has its database's name as an ending. `all_gold_tables` is the share of questions for
which every table of a gold statement is among those chosen, `gold_tables` the mean share of them, `tokens` an
estimate for the part of the schema that is rendered with example values, beside that of the whole schema.
Vectors are made anew, so that the time of preparation is that of a first start, unless `--cache` is given.
"""

import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from benchmarks.schema_linking.measuring import Leg, measure
from benchmarks.schema_linking.questions import databases, read_questions
from benchmarks.schema_linking.union import Union, make_union
from tao.errors import ConfigError
from tao.models.embeddings import Embedder, open_embedder
from tao.models.texts import estimate_tokens
from tao_servers.text2sql.linking import Linker, ValueIndex, read_values
from tao_servers.text2sql.rendering import render
from tao_servers.text2sql.sampling import read_samples
from tao_servers.text2sql.schema import Samples
from tao_servers.text2sql.stopping import Stop

LEGS = ("words", "embeddings", "words+embeddings", "words+values", "all without closure", "all")


@click.command(help=__doc__)
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--limit", type=click.IntRange(min=1), help="Questions of each set and language.")
@click.option("--tables", default=900, show_default=True, help="Tables of the schema.")
@click.option("--most", default=8, show_default=True, help="Tables to choose.")
@click.option("--legs", default=",".join(LEGS), show_default=True, help="Names parted by commas.")
@click.option("--cache", type=click.Path(file_okay=False, path_type=Path), help="Where vectors are kept.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object alone.")
def main(
    data: Path, limit: int | None, tables: int, most: int, legs: str, cache: Path | None, as_json: bool
) -> None:
    files = databases(data)
    if not files:
        raise click.ClickException(f"{str(data)!r} has no NAME/databases/*.sqlite.")
    if unknown := set(legs.split(",")) - set(LEGS):
        raise click.ClickException(f"There is no leg {sorted(unknown)[0]!r}. There are: {', '.join(LEGS)}.")
    questions = read_questions(data, limit)
    with tempfile.TemporaryDirectory() as folder:
        union = make_union(files, tables, Path(folder) / "union.sqlite")
        found = _run(union, questions, most, legs.split(","), cache)
    click.echo(json.dumps(found, ensure_ascii=False, indent=None if as_json else 1))


def _run(
    union: Union, questions: list[Any], most: int, names: list[str], cache: Path | None
) -> dict[str, Any]:
    samples = _samples(union)
    begun = time.perf_counter()
    values = read_values(union.engine, union.schema, Stop())
    reading = time.perf_counter() - begun
    whole = render(union.schema, samples=samples)
    found: dict[str, Any] = {
        "tables": len(union.schema.tables),
        "columns": sum(len(table.columns) for table in union.schema.tables),
        "whole_schema_tokens": estimate_tokens(whole),
        "whole_schema_tokens_without_examples": estimate_tokens(render(union.schema)),
        "values": sum(len(column.values) for column in values),
        "values_seconds": round(reading, 2),
        "most_tables": most,
        "legs": {},
    }
    for leg in _legs(union, values, names, cache):
        found["legs"][leg.name] = measure(leg, questions, union, samples, most)
    return found


def _samples(union: Union) -> dict[str, dict[str, Samples]]:
    # The made-up tables have no rows, and so no examples.
    full = [table for table in union.schema.tables if table.rows]
    return {table.full_name: read_samples(union.engine, table, Stop()) for table in full}


def _legs(union: Union, values: list[Any], names: list[str], cache: Path | None) -> Iterator[Leg]:
    schema = union.schema

    def embedder() -> Embedder:
        # Each leg makes its vectors itself, so that each one's preparation is measured.
        return open_embedder("bundled", cache=cache)

    def all_of_them() -> Linker:
        one = embedder()
        return Linker(schema, values=ValueIndex(values, embedder=one), embedder=one)

    makers = {
        "words": lambda: Linker(schema),
        "embeddings": lambda: Linker(schema, embedder=embedder(), words=False),
        "words+embeddings": lambda: Linker(schema, embedder=embedder()),
        "words+values": lambda: Linker(schema, values=ValueIndex(values)),
        "all without closure": all_of_them,
        "all": all_of_them,
    }
    for name in names:
        try:
            yield Leg(name, makers[name](), closed=name != "all without closure")
        except ConfigError as exc:
            raise click.ClickException(str(exc)) from exc


if __name__ == "__main__":
    main()
