"""The command line of `tao-info`."""

from pathlib import Path

import click

from tao_servers.get_info.profile import BUILT_IN, ProfileError, load_profile
from tao_servers.get_info.server import build_server
from tao_servers.serving.options import Serving, serving_options
from tao_servers.serving.process import serve
from tao_servers.serving.settings import read_settings


@click.command(name="tao-info", help="Serve get_my_info: a person's public pages by channel.")
@click.option(
    "--profile",
    type=click.Path(path_type=Path),
    help="Profile file (TOML) instead of TAO_INFO_PROFILE or the one that ships.",
)
@serving_options
def run(profile: Path | None, serving: Serving) -> None:
    """Load the profile, then serve it."""
    try:
        loaded = load_profile(profile or read_settings().info.profile or BUILT_IN)
    except ProfileError as exc:
        raise click.UsageError(str(exc)) from exc
    serve(lambda: build_server(loaded), serving)
