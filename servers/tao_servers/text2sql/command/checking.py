"""`tao-text2sql check`: whether each database can be read, and only read."""

import json
import sys

import click

from tao_servers.text2sql.answers import Listed
from tao_servers.text2sql.errors import SetupError
from tao_servers.text2sql.stopping import Stop
from tao_servers.text2sql.tools import Databases
from tao_servers.text2sql.tools.asking import listed

__all__ = ["check"]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array on stdout.")
@click.pass_obj
def check(databases: Databases, as_json: bool) -> None:
    """See that each database can be read, and that nothing can be written.

    Exit code 1 when one of them is refused or cannot be read; what to do stands beside it.
    """
    try:
        found = [listed(opened, None, Stop()) for opened in databases.all()]
    except SetupError as exc:
        raise click.UsageError(str(exc)) from exc
    except KeyboardInterrupt:
        sys.exit(130)
    if as_json:
        click.echo(json.dumps([_data(one) for one in found], ensure_ascii=False))
    else:
        for one in found:
            click.echo(_line(one))
    sys.exit(1 if any(one.problem for one in found) else 0)


def _data(one: Listed) -> dict[str, object]:
    return {
        "database": one.name,
        "ok": one.problem is None,
        "dialect": one.dialect,
        "tables": len(one.tables),
        "problem": one.problem,
    }


def _line(one: Listed) -> str:
    if one.problem is not None:
        return f"{one.name}: {one.problem}"
    count = len(one.tables)
    if not count:
        return (
            f"{one.name}: {one.dialect}, nothing can be written, but there is no table to read either: see"
            " which rights the role has (GRANT SELECT), and `schemas` and `tables` in the settings."
        )
    return f"{one.name}: {one.dialect}, {count} table{'' if count == 1 else 's'}, and nothing can be written."
