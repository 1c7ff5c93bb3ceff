"""`agent allow`: whether a server list that lies in a folder may start its programs."""

import shlex
import sys
from pathlib import Path

import click

from tao.cli.terminal import printable
from tao.errors import ConfigError
from tao.settings import state_dir
from tao.toolbox import ServerEntry, find_config, load_servers
from tao.toolbox.approved_lists import ApprovedLists, UnapprovedListError, digest_of
from tao.toolbox.config import FILE_NAME

__all__ = ["allow", "chosen_list"]


@click.command(
    help="Approve the server list LIST (default: cline_config.json) as it is now, so that it is used when "
    "you work in its folder. When it changes, it has to be approved again."
)
@click.argument("path", metavar="[LIST]", required=False, type=click.Path(path_type=Path))
@click.option("--list", "show", is_flag=True, help="Show the approved lists.")
@click.option("--revoke", type=click.Path(path_type=Path), metavar="LIST", help="Take an approval back.")
def allow(path: Path | None, show: bool, revoke: Path | None) -> int:
    """Approve, list or revoke."""
    approvals = ApprovedLists(state_dir())
    if sum([path is not None, show, revoke is not None]) > 1:
        raise click.UsageError("Give one of LIST, --list and --revoke.")
    if show:
        for known in approvals.paths():
            click.echo(f"{approvals.state(known):<9} {printable(str(known))}")
        return 0
    if revoke is not None:
        if not approvals.revoke(revoke):
            raise ConfigError(f"{str(revoke)!r} is not approved. `agent allow --list` shows what is.")
        click.echo(f"No longer approved: {revoke}", err=True)
        return 0
    chosen = path or Path(FILE_NAME)
    if not chosen.is_file():
        raise ConfigError(f"There is no server list at {str(chosen)!r}.")
    digest = digest_of(chosen)
    _show(chosen)
    approvals.approve(chosen, digest)
    click.echo(f"Approved: {chosen.resolve()}", err=True)
    return 0


def chosen_list(given: Path | None) -> Path:
    """The server list to use; one found in the current folder is shown and asked about on a terminal.

    Raises:
        ConfigError: there is none, or it is not approved.
    """
    try:
        return find_config(given)
    except UnapprovedListError as exc:
        if not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
            raise
        digest = digest_of(exc.path)
        _show(exc.path)
        if not click.confirm("Allow it, until it changes?", default=False, err=True):
            raise ConfigError(
                f"The server list {str(exc.path)!r} was not approved; nothing was started."
            ) from exc
        ApprovedLists(state_dir()).approve(exc.path, digest)
    # Looked at anew: what was changed while the question stood there is not what was approved.
    return find_config(given)


def _show(path: Path) -> None:
    """Tell what the list would start, to the letter."""
    entries = load_servers(path)
    click.echo(f"The server list {printable(str(path.resolve()))} starts:", err=True)
    for name, entry in entries.items():
        click.echo(f"  {_plain(name)}: {_plain(_what(entry))}", err=True)
    if not entries:
        click.echo("  nothing", err=True)


def _what(entry: ServerEntry) -> str:
    if entry.type != "stdio":
        headers = f" (headers: {', '.join(entry.headers)})" if entry.headers else ""
        return f"{entry.url}{headers}"
    variables = [f"{key}={shlex.quote(value)}" for key, value in entry.env.items()]
    return " ".join([*variables, shlex.join([entry.command or "", *entry.args])]) + f"  (in {entry.cwd})"


def _plain(text: str) -> str:
    # A line break could make one entry look like two.
    return printable(text.replace("\n", "\\n").replace("\r", "\\r"))
