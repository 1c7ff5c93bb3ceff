"""`agent servers`: what the servers of a list offer."""

import json
import os
from pathlib import Path

import click

from tao.cli.interrupt import run_interruptible
from tao.cli.options import config_option, json_option
from tao.cli.terminal import say
from tao.settings import cache_dir, load_settings
from tao.toolbox import Servers, ToolListCache, ToolSpec, find_config, load_servers

__all__ = ["servers"]


@click.command(help="Start the servers of the list and show their tools.")
@config_option
@json_option
def servers(config: Path | None, as_json: bool) -> int:
    """List tools; exit code 3 when a server did not start."""
    tools, problems = run_interruptible(lambda: _tools(config))
    if as_json:
        listed = [
            {
                "name": tool.name,
                "description": tool.description,
                "read_only": tool.read_only,
                "input_schema": tool.input_schema,
            }
            for tool in tools
        ]
        click.echo(json.dumps({"tools": listed, "problems": problems}, ensure_ascii=False))
    else:
        for tool in tools:
            say(f"{tool.name}{'' if tool.read_only else '  (may change something)'}")
            say(f"    {' '.join(tool.description.split())}")
    for problem in problems:
        say(problem, err=True)
    return 3 if problems else 0


async def _tools(config: Path | None) -> tuple[list[ToolSpec], list[str]]:
    problems: list[str] = []
    settings = load_settings().agent
    entries = load_servers(find_config(config))
    cache = ToolListCache(cache_dir() / "tools")
    async with Servers(
        entries, settings=settings, environ=dict(os.environ), cache=cache, notify=problems.append
    ) as servers:
        await servers.load(fresh=True)
        return list(servers.tools), problems
