"""Reads the settings at the edge of a server."""

import click

from tao.settings import ConfigError, Settings, load_settings

__all__ = ["read_settings"]


def read_settings() -> Settings:
    """The settings; wrong ones end the command with one line and exit code 2."""
    try:
        return load_settings()
    except ConfigError as exc:
        raise click.UsageError(str(exc)) from exc
