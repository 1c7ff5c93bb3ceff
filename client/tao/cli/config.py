"""`agent config`: what makes another host start these servers: printed, merged into its file, or removed."""

import os
import shutil
import sys
from pathlib import Path
from typing import Literal

import click

from tao.cli.allow import chosen_list
from tao.cli.options import config_option
from tao.cli.pages import Command
from tao.cli.words import t
from tao.errors import ConfigError
from tao.hosts import (
    HOSTS,
    Block,
    absolute,
    host_block,
    host_file,
    over_http,
    remove_block,
    render_block,
    write_block,
)
from tao.toolbox import ServerEntry, load_servers

__all__ = ["config"]

_TRANSPORTS: dict[str, Literal["streamableHttp", "sse"]] = {"http": "streamableHttp", "sse": "sse"}


@click.command(
    cls=Command,
    help=t(
        "Print the configuration for HOST, with absolute paths; with --write merge it into the host's own "
        "file, with --remove take it out again. Other entries stay as they are, and a backup is made."
    )
    + "\n\n"
    + t("HOST is one of: {hosts}.", hosts=", ".join(HOSTS)),
)
@click.argument("host", metavar="HOST", type=click.Choice(list(HOSTS)))
@config_option
@click.option("--server", "names", multiple=True, help=t("Only this server of the list; repeatable."))
@click.option(
    "--transport", type=click.Choice(["stdio", "http", "sse"]), help=t("How the host reaches them.")
)
@click.option("--url", help=t("Where they are served over HTTP; {{server}} in it stands for the name."))
@click.option("--token-env", metavar="VARIABLE", help=t("Environment variable that holds the bearer token."))
@click.option("--write", is_flag=True, help=t("Merge into the host's file."))
@click.option("--remove", is_flag=True, help=t("Take our entries out of the host's file."))
@click.option(
    "--file", type=click.Path(path_type=Path, dir_okay=False), help=t("The host's file, if elsewhere.")
)
@click.option("--force", is_flag=True, help=t("Also replace entries of the same name that are not ours."))
def config(
    host: str,
    config: Path | None,
    names: tuple[str, ...],
    transport: str | None,
    url: str | None,
    token_env: str | None,
    write: bool,
    remove: bool,
    file: Path | None,
    force: bool,
) -> None:
    """Print, write or remove."""
    if write and remove:
        raise click.UsageError(t("Give one of --write and --remove."))
    if url is not None and transport not in _TRANSPORTS:
        raise click.UsageError(t("--url goes with --transport http or --transport sse."))
    entries = _entries(load_servers(chosen_list(config)), names, transport, url)
    block = host_block(HOSTS[host], entries, token_env=token_env)
    for note in (*block.notes, *_missing(entries)):
        click.echo(note, err=True)
    path = file or _place(host)
    if write:
        _write(block, path, force)
    elif remove:
        _remove(block, path)
    else:
        click.echo(t("For {path}; --write merges it into that file.", path=path), err=True)
        click.echo(render_block(block), nl=False)


def _entries(
    entries: dict[str, ServerEntry], names: tuple[str, ...], transport: str | None, url: str | None
) -> dict[str, ServerEntry]:
    for name in names:
        if name not in entries:
            known = ", ".join(entries) or t("none")
            raise ConfigError(
                t("There is no server {name!r} in the list. It has: {known}.", name=name, known=known)
            )
    chosen = {name: absolute(entry) for name, entry in entries.items() if not names or name in names}
    if transport is None:
        return chosen
    if transport == "stdio":
        return {name: entry for name, entry in chosen.items() if entry.type == "stdio"}
    return over_http(chosen, _TRANSPORTS[transport], url)


def _missing(entries: dict[str, ServerEntry]) -> list[str]:
    return [
        t(
            "{name}: its program {program!r} is not here; in a checkout `make install` makes it.",
            name=name,
            program=entry.command,
        )
        for name, entry in entries.items()
        if entry.type == "stdio" and shutil.which(entry.command or "") is None
    ]


def _place(host: str) -> Path:
    appdata = os.environ.get("APPDATA")
    return host_file(
        HOSTS[host],
        system=sys.platform,
        home=Path.home(),
        project=Path.cwd(),
        appdata=Path(appdata) if appdata else None,
    )


def _write(block: Block, path: Path, force: bool) -> None:
    change = write_block(block, path, force=force)
    if not change.changed:
        click.echo(t("Nothing to do: {path} has them already.", path=path))
        return
    click.echo(t("Wrote {names} to {path}.", names=", ".join(change.changed), path=path))
    _tell_backup(change.backup)
    title = block.host.title
    click.echo(t("Restart {host}, which reads the file when it starts.", host=title), err=True)


def _remove(block: Block, path: Path) -> None:
    change = remove_block(block, path)
    for name in change.foreign:
        said = t("{name} stays in {path}: it starts something else than ours does.", name=name, path=path)
        click.echo(said, err=True)
    if not change.changed:
        click.echo(t("Nothing to do: none of ours is in {path}.", path=path))
        return
    click.echo(t("Removed {names} from {path}.", names=", ".join(change.changed), path=path))
    _tell_backup(change.backup)


def _tell_backup(backup: Path | None) -> None:
    if backup is not None:
        click.echo(t("What was there before: {path}", path=backup), err=True)
