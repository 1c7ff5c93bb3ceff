"""`tao-text2sql examples`: pairs of question and SQL that help a model with this database."""

import functools
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tao_servers.serving.progress import progress_shown
from tao_servers.text2sql.errors import QueryFailed, QueryRefused, SetupError
from tao_servers.text2sql.one_line import one_line
from tao_servers.text2sql.stopping import Stop
from tao_servers.text2sql.tools import Databases

if TYPE_CHECKING:
    from tao_servers.text2sql.examples import ExampleStore
    from tao_servers.text2sql.examples.reading import Pair
    from tao_servers.text2sql.tools.databases import Opened

__all__ = ["examples"]

_INTERRUPTED = 130
_SHOWN = 80


@click.group()
def examples() -> None:
    """Questions with the SQL that answers them: the likest are shown to the model with a new question."""


def _told(command: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(command)
    def wrapped(*given: Any, **named: Any) -> None:
        try:
            command(*given, **named)
        except SetupError as exc:
            raise click.ClickException(str(exc)) from exc
        except KeyboardInterrupt:
            sys.exit(_INTERRUPTED)

    return wrapped


_database_name = click.option(
    "--database-name", "name", metavar="NAME", help="Which database, where there are several."
)


@examples.command()
@click.argument("question", required=False)
@click.argument("sql", required=False)
@click.option(
    "--file",
    "file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Take the pairs from a .csv file with the columns question and sql, or from JSON lines with these"
    " fields.",
)
@_database_name
@click.pass_obj
@_told
def add(
    databases: Databases, *, question: str | None, sql: str | None, file: Path | None, name: str | None
) -> None:
    """Keep a question with its SQL, once that passed the rules and ran.

    A question that is there already gets the new SQL. Exit code 1 when a pair is refused; the reason stands
    beside it.
    """
    if (file is None) == (question is None or sql is None) or (file is not None and question is not None):
        raise click.UsageError("Give a question and its SQL, or --file.")
    from tao_servers.text2sql.examples.reading import Pair, read_pairs

    opened = _chosen(databases, name)
    pairs = read_pairs(file) if file else [Pair(0, question or "", sql or "")]
    # What is wrong with the database is told once, and not beside each pair.
    opened.source.schema()
    store = _store()
    if file is None:
        sys.exit(0 if _added(store, opened, pairs[0], "") else 1)
    sys.exit(_add_all(store, opened, pairs, file.name))


def _add_all(store: "ExampleStore", opened: "Opened", pairs: "Sequence[Pair]", file: str) -> int:
    kept = 0
    with progress_shown("Verifying", sys.stderr) as progress:
        for done, pair in enumerate(pairs, 1):
            kept += _added(store, opened, pair, f"{file}:{pair.line}: ")
            progress(done, len(pairs))
    refused = len(pairs) - kept
    click.echo(f"Examples of {opened.name}: {kept} of {len(pairs)} kept, {refused} refused.", err=True)
    return 1 if refused else 0


def _added(store: "ExampleStore", opened: "Opened", pair: "Pair", place: str) -> bool:
    """Verify and keep one pair, and say what became of it; False when it is refused."""
    shown = one_line(pair.question, _SHOWN)
    if pair.problem is not None:
        click.echo(f"{place}refused: {pair.problem}", err=True)
        return False
    try:
        sql, found = _verified(opened, pair.sql)
        is_new = store.add(opened.name, pair.question, sql)
    except (QueryRefused, QueryFailed) as exc:
        click.echo(f"{place}refused: {shown}: {exc}", err=True)
        return False
    what = "added to" if is_new else "there already in"
    click.echo(f"{place}{what} {opened.name}: {shown} ({found})", err=True)
    return True


def _verified(opened: "Opened", sql: str) -> tuple[str, str]:
    """The statement as it was run, and how much it gave.

    Raises:
        QueryRefused: a rule refuses it.
        QueryFailed: it did not run to its end.
    """
    from tao_servers.text2sql import checking
    from tao_servers.text2sql.tools.asking import queried

    stop = Stop()
    _, result = queried(opened, sql, None, stop)
    checked = checking.check(sql, opened.source.schema(stop), opened.source.database.functions)
    if checked.kind != "select":
        raise QueryRefused("An example must be a SELECT.", rule="example")
    if not result.row_count:
        return checked.sql, "mind: it gave no row"
    rows = "1 row" if result.row_count == 1 else f"{result.row_count} rows"
    return checked.sql, f"{rows}{', cut' if result.cut else ''}"


@examples.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array on stdout.")
@click.option("--database-name", "name", metavar="NAME", help="Only those of this database.")
@click.pass_obj
@_told
def list_examples(databases: Databases, *, as_json: bool, name: str | None) -> None:
    """List the examples of every database, of those that --database gives, or of one."""
    found = _store().list(name)
    if name is None and click.get_current_context().find_root().params.get("given"):
        given = {opened.name for opened in databases.all()}
        found = {database: those for database, those in found.items() if database in given}
    if as_json:
        data = [
            {"database": database, "question": one.question, "sql": one.sql}
            for database, those in found.items()
            for one in those
        ]
        click.echo(json.dumps(data, ensure_ascii=False))
        return
    for database, those in found.items():
        for one in those:
            click.echo(f"{database}: {one_line(one.question)}\n    {one_line(one.sql)}")
    total = sum(map(len, found.values()))
    add_some = "" if total else " `tao-text2sql examples add QUESTION SQL` adds one."
    click.echo(f"Examples: {total}.{add_some}", err=True)


@examples.command()
@click.argument("question")
@_database_name
@click.pass_obj
@_told
def remove(databases: Databases, *, question: str, name: str | None) -> None:
    """Forget the example with this question. Exit code 1 when there is none."""
    store = _store()
    # A name does: the database itself may be gone by now.
    database = name or _chosen(databases, None).name
    if not store.remove(database, question):
        raise click.ClickException(
            f"No example of {database} has the question {one_line(question, _SHOWN)!r};"
            " `tao-text2sql examples list` lists them."
        )
    click.echo(f"Removed from {database}: {one_line(question, _SHOWN)}", err=True)


def _store() -> "ExampleStore":
    from tao_servers.text2sql.examples import ExampleStore, default_folder

    return ExampleStore(default_folder())


def _chosen(databases: Databases, name: str | None) -> "Opened":
    try:
        opened = databases.pick(name)
    except (QueryRefused, SetupError) as exc:
        raise click.UsageError(str(exc)) from exc
    if name is not None and name.strip() != opened.name:
        # The only one is right for a model, whatever it calls it, but not for who wrote a name.
        raise click.UsageError(f"There is no database {name!r}; there is only {opened.name!r}.")
    return opened
