"""The command line of `tao-text2sql`."""

from pathlib import Path

import click

from tao.settings import Text2sqlSettings
from tao_servers.serving.options import Serving, serving_options
from tao_servers.serving.process import serve
from tao_servers.serving.settings import read_settings
from tao_servers.text2sql.execute import Limits
from tao_servers.text2sql.loading import warm
from tao_servers.text2sql.schema import Database
from tao_servers.text2sql.server import build_server


@click.command(name="tao-text2sql", help="Serve a SQLite database: tables, columns, read-only SQL.")
@click.option(
    "--database",
    type=click.Path(path_type=Path),
    help="SQLite file instead of the one in [text2sql.databases.NAME] of tao.toml.",
)
@click.option(
    "--comments",
    type=click.Path(path_type=Path),
    help="YAML file that says what tables and columns mean; default: X.yaml beside X.sqlite.",
)
@click.option("--max-rows", type=click.IntRange(min=1), help="Most rows of one result.")
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), help="Seconds for one query.")
@serving_options
def run(
    database: Path | None,
    comments: Path | None,
    max_rows: int | None,
    timeout: float | None,
    serving: Serving,
) -> None:
    """Serve the database; without one the tools tell how to name it."""
    settings = read_settings().text2sql
    chosen = Database(database, comments) if database else _configured(settings, comments)
    limits = Limits(max_rows=max_rows or settings.max_rows, timeout=timeout or settings.timeout)
    serve(lambda: build_server(chosen, limits=limits), serving, warm=warm)


def _configured(settings: Text2sqlSettings, comments: Path | None) -> Database | None:
    if len(settings.databases) > 1:
        names = ", ".join(settings.databases)
        raise click.UsageError(
            f"The settings have several databases ({names}): say which by --database PATH."
        )
    for entry in settings.databases.values():
        return Database(entry.path.expanduser(), comments or entry.comments)
    return None
