"""`agent allow`: whether a server list that lies in a folder may start its programs."""

import shlex
import sys
from pathlib import Path

import click

from tao.cli.pages import Command
from tao.cli.terminal import printable
from tao.cli.words import t
from tao.errors import ConfigError
from tao.settings import state_dir
from tao.toolbox import ServerEntry, find_config, load_servers
from tao.toolbox.approved_lists import ApprovedLists, UnapprovedListError, digest_of
from tao.toolbox.config import FILE_NAME

__all__ = ["allow", "chosen_list"]


@click.command(
    cls=Command,
    help=t(
        "Approve the server list LIST (default: cline_config.json) as it is now, so that it is used when "
        "you work in its folder. When it changes, it has to be approved again."
    ),
)
@click.argument("path", metavar="[LIST]", required=False, type=click.Path(path_type=Path))
@click.option("--list", "show", is_flag=True, help=t("Show the approved lists."))
@click.option("--revoke", type=click.Path(path_type=Path), metavar="LIST", help=t("Take an approval back."))
def allow(path: Path | None, show: bool, revoke: Path | None) -> int:
    """Approve, list or revoke."""
    approvals = ApprovedLists(state_dir())
    if sum([path is not None, show, revoke is not None]) > 1:
        raise click.UsageError(t("Give one of LIST, --list and --revoke."))
    if show:
        for known in approvals.paths():
            click.echo(f"{_state(approvals, known)} {printable(str(known))}")
        return 0
    if revoke is not None:
        if not approvals.revoke(revoke):
            raise ConfigError(
                t("{path!r} is not approved. `agent allow --list` shows what is.", path=str(revoke))
            )
        click.echo(t("No longer approved: {path}", path=revoke), err=True)
        return 0
    chosen = path or Path(FILE_NAME)
    if not chosen.is_file():
        raise ConfigError(t("There is no server list at {path!r}.", path=str(chosen)))
    digest = digest_of(chosen)
    _show(chosen)
    approvals.approve(chosen, digest)
    click.echo(t("Approved: {path}", path=chosen.resolve()), err=True)
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
        if not click.confirm(t("Allow it, until it changes?"), default=False, err=True):
            raise ConfigError(
                t("The server list {path!r} was not approved; nothing was started.", path=str(exc.path))
            ) from exc
        ApprovedLists(state_dir()).approve(exc.path, digest)
    # Looked at anew: what was changed while the question stood there is not what was approved.
    return find_config(given)


def _state(approvals: ApprovedLists, path: Path) -> str:
    # All of one width in each language.
    match approvals.state(path):
        case "approved":
            return t("approved ")
        case "changed":
            return t("changed  ")
        case "gone":
            return t("gone     ")
        case "unknown":
            return t("unknown  ")


def _show(path: Path) -> None:
    """Tell what the list would start, to the letter."""
    entries = load_servers(path)
    click.echo(t("The server list {path} starts:", path=printable(str(path.resolve()))), err=True)
    for name, entry in entries.items():
        click.echo(f"  {_plain(name)}: {_plain(_what(entry))}", err=True)
    if not entries:
        click.echo(t("  nothing"), err=True)


def _what(entry: ServerEntry) -> str:
    if entry.type != "stdio":
        names = ", ".join(entry.headers)
        headers = t(" (headers: {names})", names=names) if names else ""
        return f"{entry.url}{headers}"
    variables = [f"{key}={shlex.quote(value)}" for key, value in entry.env.items()]
    line = " ".join([*variables, shlex.join([entry.command or "", *entry.args])])
    return line + t("  (in {folder})", folder=entry.cwd)


def _plain(text: str) -> str:
    # A line break could make one entry look like two.
    return printable(text.replace("\n", "\\n").replace("\r", "\\r"))
