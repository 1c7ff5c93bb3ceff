"""Options that several commands share."""

from pathlib import Path

import click

from tao.cli.words import t

__all__ = ["config_option", "json_option"]

config_option = click.option(
    "--config",
    type=click.Path(path_type=Path),
    help=t("Server list (cline_config.json); default: the one in your configuration folder."),
)
json_option = click.option("--json", "as_json", is_flag=True, help=t("Print JSON for scripts on stdout."))
