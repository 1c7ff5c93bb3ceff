"""The command line of `tao-weather`."""

import click

from tao_servers.serving.options import Serving, serving_options
from tao_servers.serving.process import serve
from tao_servers.serving.settings import read_settings
from tao_servers.weather.server import build_server


@click.command(name="tao-weather", help="Serve get_forecast: the weather of a place, by day.")
@serving_options
def run(serving: Serving) -> None:
    """Read the settings, then serve."""
    settings = read_settings().weather
    serve(lambda: build_server(settings), serving)
