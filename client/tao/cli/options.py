"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import click

from tao.cli.words import t
from tao.settings import DialectName, StrategyName

__all__ = ["answering_options", "config_option", "json_option"]

config_option = click.option(
    "--config",
    type=click.Path(path_type=Path),
    help=t("Server list (cline_config.json); default: the one in your configuration folder."),
)
json_option = click.option("--json", "as_json", is_flag=True, help=t("Print JSON for scripts on stdout."))
_ANSWERING = (
    config_option,
    click.option(
        "--server", "servers", multiple=True, help=t("Use only this server of the list; repeatable.")
    ),
    click.option("--no-tools", is_flag=True, help=t("Ask the model alone.")),
    click.option("--model", help=t("Model name; `local` and `local-small` are embedded.")),
    click.option("--dialect", type=click.Choice(get_args(DialectName)), help=t("How steps are asked for.")),
    click.option(
        "--strategy",
        type=click.Choice(get_args(StrategyName)),
        help=t("Act through tools, think step by step, let samples vote, or a combination."),
    ),
    click.option(
        "--max-steps", type=click.IntRange(min=1), help=t("Steps until the best answer is asked for.")
    ),
    click.option(
        "--timeout", type=click.FloatRange(min=1), help=t("Seconds until the best answer is asked for.")
    ),
    click.option(
        "--approve",
        type=click.Choice(["ask", "deny", "auto"]),
        default="ask",
        help=t(
            "Calls that may change something: ask (the default; without a terminal, deny), deny, or auto, "
            "which allows them."
        ),
    ),
    click.option("--quiet", "-q", is_flag=True, help=t("Show no steps.")),
    json_option,
)


def answering_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of those that answer questions."""
    for option in reversed(_ANSWERING):
        command = option(command)
    return command
