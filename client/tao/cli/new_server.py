"""`agent new-server`: a small MCP server of one's own, from a template."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click

from tao.cli.options import json_option
from tao.cli.pages import Command
from tao.cli.terminal import say
from tao.cli.words import language, t
from tao.errors import ConfigError
from tao.scaffold import LONGEST, Project, better_name, fault_of, write_project

__all__ = ["new_server"]


@click.command(
    name="new-server",
    cls=Command,
    help=t(
        "Write a small MCP server into a new folder NAME: server, domain module, test and README. It runs at "
        "once in `agent ask`, Cline and Codex, and is there to be changed into your own."
    ),
)
@click.argument("name")
@click.option(
    "--into",
    type=click.Path(path_type=Path),
    default=Path(),
    help=t("Folder to make it in; default: the current one."),
)
@json_option
def new_server(name: str, into: Path, as_json: bool) -> None:
    """Write the server, then say what to do with it."""
    _check(name, into)
    project = _written(name, into)
    commands = _commands(project)
    if as_json:
        made = {"name": name, "path": str(project.folder), "config": str(project.config)}
        click.echo(json.dumps({**made, "files": project.files, "commands": commands}, ensure_ascii=False))
        return
    click.echo(str(project.folder))
    for file in project.files:
        say(f"  {file}", err=True)
    click.echo(t("It runs as it is. Next:"), err=True)
    for title, command in zip(_titles(), commands.values(), strict=True):
        say(f"  # {title}\n  {command}", err=True)


def _check(name: str, into: Path) -> None:
    complaint = _complaint(name)
    if complaint is not None:
        better = better_name(name)
        hint = t(" How about {name!r}?", name=better) if better else ""
        raise ConfigError(complaint + hint)
    if not into.is_dir():
        raise ConfigError(
            t("There is no folder {path!r}. Make it first, or name another with --into.", path=str(into))
        )
    path = str(into.absolute())
    if os.pathsep in path or not path.isprintable():
        raise ConfigError(
            t(
                "{path!r} cannot stand in PYTHONPATH, by which hosts find the server: name another folder "
                "with --into.",
                path=path,
            )
        )


def _complaint(name: str) -> str | None:
    match fault_of(name):
        case "form":
            return t(
                "{name!r} cannot be the name of a server: it takes 1 to {longest} of a-z, 0-9 and single _ "
                "between them, a letter first.",
                name=name[:60],
                longest=LONGEST,
            )
        case "keyword":
            return t("{name!r} is a word of Python itself: choose another name.", name=name)
        case "taken":
            return t("{name!r} is taken by another module or by the system: choose another name.", name=name)
    return None


def _written(name: str, into: Path) -> Project:
    try:
        return write_project(name, into, python=sys.executable, version=_version(), language=language())
    except FileExistsError as exc:
        raise ConfigError(
            t(
                "{path!r} is there already and stays as it is: choose another name, or another folder with "
                "--into.",
                path=str(into / name),
            )
        ) from exc
    except OSError as exc:
        reason = exc.strerror or str(exc)
        raise ConfigError(
            t("Cannot write to {path!r}: {reason}. Nothing was made.", path=str(into), reason=reason)
        ) from exc


def _version() -> str:
    try:
        return version("tao-agent")
    except PackageNotFoundError:
        return "0"


def _commands(project: Project) -> dict[str, str]:
    agent, config = _agent(), ["--config", str(project.config)]
    http = [sys.executable, "-m", project.name, "--transport", "http", "--port", "8931"]
    return {
        "ask": _typed([agent, "ask", *config, t("How many mu are 5 acres?")]),
        "cline": _typed([agent, "config", "cline", *config]),
        "codex": _typed([agent, "config", "codex", *config]),
        "http": f"{_typed(['cd', str(project.folder)])} && {_typed(http)}",
        "test": _typed([sys.executable, "-m", "pytest", str(project.folder)]),
    }


def _titles() -> tuple[str, ...]:
    return (
        t("ask it something"),
        t("in Cline; --write puts it there"),
        t("in Codex; --write puts it there"),
        t("over HTTP"),
        t("test it (needs pytest)"),
    )


def _agent() -> str:
    """The command as it can be typed here: by its path where the PATH does not have it."""
    beside = Path(sys.executable).with_name("agent")
    return str(beside) if shutil.which("agent") is None and beside.is_file() else "agent"


def _typed(words: list[str]) -> str:
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)
