"""`agent servers`: what the servers of a list offer, and what that costs in tokens."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tao.cli.allow import chosen_list
from tao.cli.interrupt import run_interruptible
from tao.cli.options import config_option, json_option
from tao.cli.pages import Command
from tao.cli.terminal import say
from tao.cli.words import t
from tao.settings import Settings, cache_dir, load_settings
from tao.toolbox import Servers, ToolListCache, ToolSpec, load_servers

if TYPE_CHECKING:
    from tao.hosts.cost import Cost

__all__ = ["servers"]


@click.command(cls=Command, help=t("Start the servers of the list and show their tools."))
@config_option
@click.option(
    "--cost", is_flag=True, help=t("Show what each tool costs a model to read, in tokens (Qwen2.5).")
)
@json_option
def servers(config: Path | None, cost: bool, as_json: bool) -> int:
    """List tools; exit code 3 when a server did not start."""
    settings = load_settings()
    path = chosen_list(config)
    tools, problems = run_interruptible(lambda: _tools(path, settings))
    counted = run_interruptible(lambda: _cost(tools, settings)) if cost else None
    if as_json:
        click.echo(json.dumps(_as_json(tools, problems, counted), ensure_ascii=False))
    elif counted is not None:
        _show_cost(counted)
    else:
        for tool in tools:
            say(tool.name + ("" if tool.read_only else t("  (may change something)")))
            say(f"    {' '.join(tool.description.split())}")
    for problem in problems:
        say(problem, err=True)
    return 3 if problems else 0


def _as_json(tools: Sequence[ToolSpec], problems: list[str], cost: "Cost | None") -> dict[str, Any]:
    listed = [
        {
            "name": tool.name,
            "description": tool.description,
            "read_only": tool.read_only,
            "input_schema": tool.input_schema,
            **({"tokens": cost.tools[tool.name]} if cost else {}),
        }
        for tool in tools
    ]
    result: dict[str, Any] = {"tools": listed, "problems": problems}
    if cost is not None:
        result["cost"] = {
            "counted_by": cost.counted_by,
            "total": cost.total,
            "agent": [asdict(own) for own in cost.agent],
        }
    return result


def _show_cost(cost: "Cost") -> None:
    guessed = cost.counted_by == "estimate"
    click.echo(t("Tokens a host spends on each tool (name, description, input schema):"))
    for name, tokens in cost.tools.items():
        click.echo(f"{tokens:>7}  {name}")
    click.echo(f"{cost.total:>7}  {t('about all together') if guessed else t('all together')}")
    click.echo(t("Tokens of what our agent says before the question:"))
    for own in cost.agent:
        what = t("{model}, dialect {dialect}, {language}", **asdict(own))
        click.echo(f"{own.tokens:>7}  {what}")
    counted = t("(counted by the tokenizer of {model})", model=cost.counted_by)
    click.echo(t("(estimated)") if guessed else counted)


async def _tools(path: Path, settings: Settings) -> tuple[list[ToolSpec], list[str]]:
    problems: list[str] = []
    cache = ToolListCache(cache_dir() / "tools")
    async with Servers(
        load_servers(path),
        settings=settings.agent,
        environ=dict(os.environ),
        cache=cache,
        notify=problems.append,
    ) as servers:
        await servers.load(fresh=True)
        return list(servers.tools), problems


async def _cost(tools: Sequence[ToolSpec], settings: Settings) -> "Cost":
    from tao.hosts.cost import count_cost, open_counter

    async with open_counter(notify=lambda text: say(text, err=True)) as counter:
        return await count_cost(tools, counter, prompts=settings.agent.prompts)
