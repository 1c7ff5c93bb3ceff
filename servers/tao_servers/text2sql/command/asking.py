"""`tao-text2sql ask`: one question, one answer."""

import datetime
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tao.errors import ConfigError, ModelError
from tao.settings import Settings
from tao_servers.serving.settings import read_settings
from tao_servers.text2sql.command.model_choice import chosen_model
from tao_servers.text2sql.command.overrides import Overrides
from tao_servers.text2sql.configured import MOST_ROWS, named
from tao_servers.text2sql.errors import SetupError, Text2sqlError
from tao_servers.text2sql.tools import Databases

if TYPE_CHECKING:
    from tao_servers.text2sql.answering.candidate import Candidate
    from tao_servers.text2sql.answering.outcome import Outcome
    from tao_servers.text2sql.limits import Rows
    from tao_servers.text2sql.tools.databases import Opened

__all__ = ["Asking", "Notify", "ask", "concluded"]

Notify = Callable[[str], None]

_INTERRUPTED = 130
_MOST_BYTES = 1_000_000_000
_LONGEST_CELL = 1_000_000
_HELP = """Answer QUESTION, in Chinese or English, from a database: the answer, its rows, the SQL.

\b
  tao-text2sql ask '上海有多少客户' --db shop.sqlite
  tao-text2sql ask 'orders per city last month' --db postgresql://me@host/shop --as-of 2026-11-23
  tao-text2sql ask 'all customers of Beijing' --db shop.sqlite --csv customers.csv
  tao-text2sql --max-rows 500 ask 'all customers of Beijing' --db shop.sqlite

--max-rows, --timeout and --comments stand before `ask`. Exit code: 0 answered, 1 no answer or a question
back, 2 wrong options or settings, 3 the model or the database failed, or the --csv could not be written,
130 after Ctrl-C, which stops the query as well."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What is wanted: an answer, in which form, and where all of its rows go."""

    question: str
    csv: Path | None = None
    as_json: bool = False


class _Failed(click.ClickException):
    exit_code = 3


@click.command(help=_HELP)
@click.argument("question")
@click.option(
    "--db",
    "database",
    metavar="PATH_OR_URL",
    help="The database, as --database of tao-text2sql takes it, or the name of one in the settings.",
)
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day that words such as 上个月 count from; default: today.",
)
@click.option("--notes", default="", metavar="TEXT", help="How terms of the question are meant.")
@click.option("--model", "name", metavar="NAME", help="Model name; `local` and `local-small` are embedded.")
@click.option("--base-url", metavar="URL", help="OpenAI-compatible endpoint, with its /v1.")
@click.option(
    "--csv",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Write all rows of the answer to this file, in UTF-8.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
@click.pass_context
def ask(
    context: click.Context,
    question: str,
    database: str | None,
    as_of: datetime.datetime | None,
    notes: str,
    name: str | None,
    base_url: str | None,
    csv: Path | None,
    as_json: bool,
) -> None:
    """Open model and database, ask, print."""
    if not question.strip():
        raise click.UsageError("The question is empty. Ask something, such as 'how many orders are there'.")
    if csv is not None:
        _refuse_hopeless(csv.absolute())
    settings = read_settings()
    settings = settings.model_copy(update={"model": chosen_model(settings.model, name, base_url)})
    opened = _opened(context, database)
    day = as_of.date() if as_of is not None else datetime.date.today()

    async def answered(notify: Notify) -> "Outcome":
        return await _answered(opened, settings, question, notes, day, notify)

    sys.exit(concluded(Asking(question, csv, as_json), opened, answered))


def concluded(asking: Asking, opened: "Opened", answered: Callable[[Notify], Awaitable["Outcome"]]) -> int:
    """Have a question answered, print the answer, write its rows where they are wanted; the exit code.

    Raises:
        click.ClickException: model, database or settings failed, with its exit code.
    """
    import anyio

    from tao_servers.text2sql.command.answer_shown import print_answer

    async def work() -> int:
        outcome = await _asked(answered)
        # It took long to come by, and stands whatever becomes of the file.
        value = print_answer(outcome, as_json=asking.as_json, has_csv=asking.csv is not None)
        if asking.csv is not None and outcome.chosen is not None:
            await _written(outcome.chosen, opened, asking.csv)
        return 0 if outcome.chosen is not None and not value.ambiguous else 1

    try:
        return anyio.run(work)
    except KeyboardInterrupt:
        click.echo("Interrupted.", err=True)
        return _INTERRUPTED


def _refuse_hopeless(csv: Path) -> None:
    """Tell before a model is asked that a file cannot be written, as far as that can be seen."""
    folder = str(csv.parent)
    try:
        is_there, has_folder = csv.exists(), csv.parent.is_dir()
    except OSError as exc:
        raise click.UsageError(f"--csv cannot be {str(csv)!r}: {exc.strerror or exc}.") from exc
    if not has_folder:
        raise click.UsageError(f"There is no folder {folder!r} for --csv.")
    if not is_there and not os.access(folder, os.W_OK | os.X_OK):
        raise click.UsageError(f"Nothing may be written to the folder {folder!r}: name another --csv.")


def _opened(context: click.Context, given: str | None) -> "Opened":
    databases: Databases = context.obj
    try:
        if given is None:
            return databases.pick(None)
        known = [one for one in databases.all() if one.name == given] if len(databases) else []
        if known:
            return known[0]
        database = Overrides.handed_on(context).of(named(given, read_settings().text2sql))
        own = context.with_resource(Databases([database]))
        return own.pick(None)
    except SetupError as exc:
        advice = "" if given else " Or name it after the question: --db PATH_OR_URL."
        raise click.UsageError(f"{exc}{advice}") from exc
    except Text2sqlError as exc:
        raise click.UsageError(f"{exc} Name it with --db.") from exc


async def _answered(
    opened: "Opened",
    settings: Settings,
    question: str,
    notes: str,
    as_of: datetime.date,
    notify: Notify,
) -> "Outcome":
    from tao_servers.text2sql.answering.answerer import Answerer
    from tao_servers.text2sql.answering.options import Options
    from tao_servers.text2sql.embedding import shared_embedder
    from tao_servers.text2sql.examples import ExampleStore, default_folder
    from tao_servers.text2sql.modelling import model_of

    async def told(line: str) -> None:
        notify(line)

    examples = ExampleStore(default_folder(), embedder=shared_embedder())
    async with model_of(settings.model, notify=notify) as model:
        options = Options.from_settings(settings.text2sql)
        answerer = Answerer(opened.source, model, options, examples=examples, places=opened.places)
        return await answerer.answer(question, notes=notes, as_of=as_of, notify=told)


async def _asked(answered: Callable[[Notify], Awaitable["Outcome"]]) -> "Outcome":
    try:
        with _stages() as notify:
            return await answered(notify)
    except ConfigError as exc:
        raise click.UsageError(str(exc)) from exc
    except (ModelError, Text2sqlError, OSError) as exc:
        raise _Failed(str(exc)) from exc


async def _written(chosen: "Candidate", opened: "Opened", path: Path) -> None:
    """Write all rows of a statement into a file; tell when there were too many for that."""
    from anyio import to_thread

    from tao_servers.text2sql.threads import in_place

    sql = chosen.checked.sql if chosen.checked is not None else chosen.sql
    limits = replace(opened.limits, max_rows=MOST_ROWS, max_bytes=_MOST_BYTES, max_cell=_LONGEST_CELL)
    try:
        rows = await in_place(lambda stop: opened.source.engine(stop).run(sql, limits, stop), opened.places)
        await to_thread.run_sync(_write, rows, path)
    except Text2sqlError as exc:
        raise _Failed(f"{path} was not written, since reading all rows failed: {exc}") from exc
    except OSError as exc:
        reason = exc.strerror or exc
        raise _Failed(f"{path} could not be written: {reason}. Name another file with --csv.") from exc
    count = f"{len(rows.rows):,}"
    if rows.more:
        click.echo(f"{path}: only the first {count} rows were written; filter or aggregate.", err=True)
    else:
        click.echo(f"{path}: {count} rows were written.", err=True)


def _write(rows: "Rows", path: Path) -> None:
    from tao_servers.text2sql.tools.csv_text import csv_lines

    with path.open("w", encoding="utf-8", errors="replace", newline="") as file:
        file.writelines(csv_lines(rows.columns, rows.rows))


@contextmanager
def _stages() -> Iterator[Notify]:
    """Shows on a terminal what is being done just now."""
    if not sys.stderr.isatty():
        yield lambda text: None
        return
    from rich.console import Console
    from rich.markup import escape

    with Console(stderr=True).status("…") as status:
        yield lambda text: status.update(escape(text))
