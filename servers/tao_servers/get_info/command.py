"""The command line of `tao-info`."""

from functools import partial
from pathlib import Path

import click

from tao_servers.chinese import simplified
from tao_servers.get_info.profile import BUILT_IN, ProfileError, load_profile
from tao_servers.get_info.server import build_server
from tao_servers.serving.options import Serving, serving_options
from tao_servers.serving.process import serve
from tao_servers.serving.settings import read_settings


@click.command(
    name="tao-info", help="Serve a person's public pages, the profiles of a folder, and the date and time."
)
@click.option(
    "--profile",
    type=click.Path(path_type=Path),
    help="Your own profile (.toml, .yaml, .json or .vcf), instead of TAO_INFO_PROFILE or the one that ships.",
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    help="Folder of further profiles, instead of TAO_INFO_FOLDER; changed files are picked up.",
)
@click.option("--private", is_flag=True, help="Show also what the profiles mark as private.")
@serving_options
def run(profile: Path | None, folder: Path | None, private: bool, serving: Serving) -> None:
    """Load the profile, then serve it and the folder."""
    settings = read_settings()
    path = profile or settings.info.profile or BUILT_IN
    folder = folder or settings.info.folder
    if folder is not None and not folder.is_dir():
        raise click.UsageError(
            f"There is no folder {str(folder)!r} (--folder or TAO_INFO_FOLDER)."
            " Make it, and put profiles into it."
        )
    try:
        own = load_profile(path, private=private)
    except ProfileError as exc:
        raise click.UsageError(str(exc)) from exc
    build = partial(build_server, own, path=path, folder=folder, private=private, place=settings.agent.place)
    # The first Traditional or Simplified name would wait for the dictionaries.
    serve(build, serving, warm=_warm)


def _warm() -> None:
    simplified("個")
