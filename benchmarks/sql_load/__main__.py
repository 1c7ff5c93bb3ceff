"""What happens to SQL databases under load?

`python -m benchmarks.sql_load [--engines sqlite,duckdb,postgres,mariadb] [--json]`. Each database is made for
this run, PostgreSQL and MariaDB as private servers on loopback; an engine that is not installed is skipped
with the reason. `stopping`: a query without end, at a limit of 2 s and when it is cancelled after 1 s.
`memory`: a statement that gives ten million rows. `restarting`: 200 calls of `run_sql` at once through the
MCP server in memory while PostgreSQL is restarted.
"""

import json
import logging
from collections.abc import Callable
from contextlib import closing
from functools import partial

import click

from benchmarks.sql_load.memory import read_many
from benchmarks.sql_load.places import PLACES, Skipped
from benchmarks.sql_load.restarting import restart_under_load
from benchmarks.sql_load.stopping import stop_runaway
from tao_servers.text2sql.engines import open_engine
from tao_servers.text2sql.errors import Text2sqlError


@click.command()
@click.option("--engines", default=",".join(PLACES), show_default=True, help="Which, with commas.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on the last line.")
def main(engines: str, as_json: bool) -> None:
    """Put load on databases, and say what became of it."""
    logging.disable(logging.WARNING)
    wanted = [name.strip() for name in engines.split(",") if name.strip()]
    if unknown := set(wanted) - set(PLACES):
        raise click.UsageError(f"There is no engine {min(unknown)!r}; there are {', '.join(PLACES)}.")
    found: dict[str, object] = {name: _or_skipped(name, partial(_loaded, name)) for name in wanted}
    if "postgres" in wanted:
        found["restarting"] = _or_skipped("restarting", restart_under_load)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        for name, values in found.items():
            click.echo(f"{name}: {values}")


def _loaded(name: str) -> dict[str, object]:
    with PLACES[name]() as place, closing(open_engine(place.database)) as engine:
        engine.prove()
        # Memory first: what a runaway query leaves in this process would hide what rows need.
        return {"memory": read_many(engine, place), "stopping": stop_runaway(engine, place)}


def _or_skipped(name: str, measure: Callable[[], dict[str, object]]) -> dict[str, object]:
    try:
        found = measure()
    except (Skipped, Text2sqlError) as exc:
        found = {"skipped": str(exc)}
    click.echo(f"{name}: {found}", err=True)
    return found


if __name__ == "__main__":
    main()
