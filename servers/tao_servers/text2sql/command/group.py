"""The group of commands, which serves when no command is given."""

import gc
import logging
import math
from functools import partial
from pathlib import Path

import click
from anyio import Lock

from tao.settings import Settings
from tao_servers.serving.options import Serving, serving_options
from tao_servers.serving.process import serve
from tao_servers.serving.settings import read_settings
from tao_servers.text2sql import checking
from tao_servers.text2sql.answering.options import Options
from tao_servers.text2sql.command.asking import ask
from tao_servers.text2sql.command.checking import check
from tao_servers.text2sql.command.evaluating import evaluate
from tao_servers.text2sql.command.examples import examples
from tao_servers.text2sql.command.overrides import Overrides
from tao_servers.text2sql.configured import MOST_ROWS, MOST_SECONDS, configured, named
from tao_servers.text2sql.database import Database
from tao_servers.text2sql.errors import SetupError, Text2sqlError
from tao_servers.text2sql.modelling import model_of
from tao_servers.text2sql.server import build_server
from tao_servers.text2sql.tools import Asking, Databases

__all__ = ["run"]


def _number(context: click.Context, option: click.Parameter, value: float | None) -> float | None:
    if value is not None and math.isnan(value):
        raise click.BadParameter("nan is no number of seconds.", context, option)
    return value


@click.group(
    name="tao-text2sql",
    invoke_without_command=True,
    help="Serve databases, read-only: tables, columns, values, SQL, questions; or, with a command, ask them,"
    " check them, or measure the answers.",
)
@click.option(
    "--database",
    "given",
    multiple=True,
    metavar="[NAME=]PATH_OR_URL",
    help="Instead of those in [text2sql.databases] of tao.toml: a SQLite or DuckDB file; csv, parquet, json"
    " or xlsx files, or a folder of them; postgresql://USER@HOST/NAME; mysql://USER@HOST/NAME."
    " May be repeated.",
)
@click.option(
    "--comments",
    type=click.Path(path_type=Path),
    help="YAML file that says what tables and columns mean; default: X.yaml beside X.sqlite.",
)
@click.option("--max-rows", type=click.IntRange(min=1, max=MOST_ROWS), help="Most rows of one result.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True, max=MOST_SECONDS),
    callback=_number,
    help="Seconds for one query.",
)
@serving_options
def run(
    given: tuple[str, ...],
    comments: Path | None,
    max_rows: int | None,
    timeout: float | None,
    serving: Serving,
) -> None:
    """Serve the databases, or leave them to the command; without one the tools tell how to name it."""
    context = click.get_current_context()
    overrides = Overrides(comments, max_rows, timeout)
    overrides.hand_on(context)
    chosen = _chosen(given)
    # `ask` may name a database of its own, which they are for as well.
    if comments is not None and len(chosen) != 1 and context.invoked_subcommand != ask.name:
        raise click.UsageError("--comments is for one database; put `comments` into the settings.")
    databases = context.with_resource(Databases(overrides.of(database) for database in chosen))
    context.obj = databases
    if context.invoked_subcommand is None:
        asking = _asking(read_settings())
        serve(lambda: build_server(databases, asking), serving, warm=lambda: _warm(databases))
    else:
        # `main` turned it off for a fast start.
        gc.enable()


for _command in (ask, check, evaluate, examples):
    run.add_command(_command)


def _asking(settings: Settings) -> Asking:
    return Asking(partial(model_of, settings.model, turn=Lock()), Options.from_settings(settings.text2sql))


def _warm(databases: Databases) -> None:
    """Load what the first call needs, and see that each database can only be read; failures are logged."""
    for opened in databases.all() if len(databases) else ():
        try:
            checking.check("SELECT 1", opened.source.schema())
        except Text2sqlError as exc:
            logging.getLogger(__name__).warning("Database %s: %s", opened.name, exc)


def _chosen(given: tuple[str, ...]) -> list[Database]:
    settings = read_settings().text2sql
    try:
        chosen = [named(one, settings) for one in given] if given else configured(settings)
    except SetupError as exc:
        raise click.UsageError(str(exc)) from exc
    names = [database.name for database in chosen]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise click.UsageError(f"Two databases are called {twice!r}: write --database NAME=PATH_OR_URL.")
    return chosen
