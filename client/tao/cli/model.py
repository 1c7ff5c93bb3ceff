"""`agent model`: the embedded models of this machine."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import anyio
import click

from tao.cli.pages import Group
from tao.cli.words import t
from tao.models.local.catalog import CATALOG, Entry, find_entry
from tao.models.local.running import Running
from tao.settings import load_settings

__all__ = ["model_group"]


@click.group(name="model", cls=Group, help=t("Get, list and stop the embedded models."))
def model_group() -> None:
    """Fetch, list and stop the embedded models."""


@model_group.command(
    name="pull", help=t("Fetch the weights of NAME (default: local) once; resumes by itself.")
)
@click.argument("name", default="local")
@click.option("--from", "path", type=click.Path(path_type=Path), help=t("A GGUF file that you have."))
@click.option("--offline", is_flag=True, help=t("Use no network."))
@click.option("--json", "as_json", is_flag=True, help=t("Print the result as one JSON object."))
def pull_command(name: str, path: Path | None, offline: bool, as_json: bool) -> None:
    """Fetch weights, with a progress bar on stderr."""
    entry = find_entry(name)
    started = time.monotonic()
    target = anyio.run(_pull, entry, path, offline)
    if as_json:
        seconds = round(time.monotonic() - started, 1)
        result = {"name": entry.name, "path": str(target), "bytes": entry.size, "sha256": entry.sha256}
        click.echo(json.dumps({**result, "seconds": seconds}, ensure_ascii=False))
    else:
        click.echo(f"{entry.name}: {target}")


@model_group.command(name="list", help=t("Show the embedded models: which are here, which are running."))
@click.option("--json", "as_json", is_flag=True, help=t("Print one JSON object."))
def list_command(as_json: bool) -> None:
    """Show the catalogue and what of it is here."""
    from tao.models.local.running import running

    processes = {process.name: process for process in anyio.run(running)}
    rows = [_row(entry, processes.get(entry.name)) for entry in CATALOG.values()]
    if as_json:
        click.echo(json.dumps({"models": rows}, ensure_ascii=False))
    else:
        _show(rows)


@model_group.command(name="stop", help=t("End the process of NAME, or of every embedded model."))
@click.argument("name", required=False)
def stop_command(name: str | None) -> None:
    """End model processes now instead of after their idle time."""
    from tao.models.local.running import stop

    names = anyio.run(stop, name)
    stopped = t("Stopped: {names}", names=", ".join(names))
    click.echo(stopped if names else t("No embedded model is running."))


@model_group.command(name="folder", help=t("Print the folder of the weights, or the file of NAME."))
@click.argument("name", required=False)
def folder_command(name: str | None) -> None:
    """Print where weights are, or will be."""
    from tao.models.local.fetch import models_dir

    click.echo(str(models_dir() / find_entry(name).file if name else models_dir()))


@model_group.command(name="needed", help=t("Exit with 0 if `agent ask` uses an embedded model, else with 1."))
@click.option("--model", "name", help=t("As `agent ask --model`."))
def needed_command(name: str | None) -> int:
    """For scripts that fetch the weights beforehand."""
    return 0 if name in CATALOG or load_settings().model.base_url is None else 1


async def _pull(entry: Entry, path: Path | None, offline: bool) -> Path:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    from tao.models.local.fetch import pull

    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    console = Console(stderr=True, highlight=False)
    with Progress(TextColumn("{task.description}", markup=False), *columns, console=console) as bar:
        task = bar.add_task(entry.name, total=entry.size)

        def progress(done: int, total: int, source: str) -> None:
            bar.update(task, completed=done, total=total, description=f"{entry.name} · {source}")

        def say(line: str) -> None:
            bar.console.print(line, markup=False, soft_wrap=True)

        _warn_of_memory(entry, say)
        target = await pull(entry, path=path, offline=offline, progress=progress, say=say)
        bar.update(task, completed=entry.size)
    return target


def _warn_of_memory(entry: Entry, say: Callable[[str], None]) -> None:
    from tao.models.local.machine import available_memory, megabytes

    memory = available_memory()
    if memory is not None and memory < entry.memory:
        say(
            t(
                "{name} needs {needed} of memory when it runs; {free} are free now.",
                name=entry.name,
                needed=megabytes(entry.memory),
                free=megabytes(memory),
            )
        )


def _row(entry: Entry, process: Running | None) -> dict[str, Any]:
    from tao.models.local.fetch import pulled

    path = pulled(entry)
    return {
        "name": entry.name,
        "title": entry.title,
        "bytes": entry.size,
        "pulled": path is not None,
        "path": str(path) if path else None,
        "running": asdict(process) if process else None,
    }


def _show(rows: list[dict[str, Any]]) -> None:
    from tao.models.local.machine import megabytes

    for row in rows:
        here = t("here") if row["pulled"] else t("not here (agent model pull {name})", name=row["name"])
        click.echo(f"{row['name']:<12} {megabytes(row['bytes']):>9}  {row['title']}  {here}")
        if row["running"]:
            click.echo(f"{'':<12} {_describe(row['running'])}")


def _describe(process: dict[str, Any]) -> str:
    from tao.models.local.machine import megabytes

    text = t("running: pid {pid}", pid=process["pid"])
    if not process["loaded"]:
        return text + t(", loading")
    if process["memory"] is not None:
        text += t(", {size} of memory", size=megabytes(process["memory"]))
    if process["idle_left"] is None:
        return text + t(", in use by {count}", count=process["leases"])
    return text + t(", ends in {seconds:.0f} s unless used", seconds=process["idle_left"])
