"""The command line of `tao-weather`."""

import functools
import gc
import json
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Literal, NoReturn, TypeVar

import click

from tao.settings import Settings
from tao_prompts import language_of
from tao_servers.serving.options import Serving, serving_options
from tao_servers.serving.settings import read_settings
from tao_servers.weather.errors import WeatherError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from tao_servers.weather.answering.answers import PlaceFound
    from tao_servers.weather.outlook import Outlook

__all__ = ["run"]

_NO_ANSWER, _USAGE, _NO_SOURCE, _INTERRUPTED = 1, 2, 3, 130
_WIDEST = 100

T = TypeVar("T")


@click.group(
    name="tao-weather",
    invoke_without_command=True,
    help="Serve get_forecast, get_alerts and find_place; with a command, show weather here.",
)
@serving_options
def run(serving: Serving) -> None:
    """Read the settings, then serve, or leave it to the command."""
    settings = read_settings()
    context = click.get_current_context()
    context.obj = settings
    if context.invoked_subcommand is not None:
        # `main` turned it off for a fast start.
        gc.enable()
        return
    from tao_servers.serving.process import serve
    from tao_servers.weather.opened import warm
    from tao_servers.weather.server import build_server

    serve(lambda: build_server(settings.weather, place=settings.agent.place), serving, warm=warm)


@run.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array on stdout.")
@click.pass_obj
def find(settings: Settings, name: str, as_json: bool) -> None:
    """List the places of a name, the likeliest first, with their coordinates."""
    language = language_of(name)
    try:
        found = _answered(settings, lambda outlook: outlook.places(name, language))
    except WeatherError as exc:
        if as_json:
            click.echo("[]")
        _fail(exc)
    if as_json:
        click.echo(json.dumps([_as_json(place) for place in found.places], ensure_ascii=False))
        return
    from tao_servers.weather.answering.chart import draw_places

    _print(draw_places(found, language), *([found.note] if found.note else []))


@run.command()
@click.argument("place", required=False)
@click.option("--days", type=click.IntRange(1, 16), default=None, help="How many days; default: 7.")
@click.option("--when", help="Which days: 周末, 'next 3 days', 2026-12-01..2026-12-03.")
@click.option("--units", type=click.Choice(["metric", "imperial"]), help="Instead of TAO_WEATHER_UNITS.")
@click.option("--json", "as_json", is_flag=True, help="Print the forecast as one JSON object on stdout.")
@click.pass_obj
def show(
    settings: Settings,
    place: str | None,
    days: int | None,
    when: str | None,
    units: Literal["metric", "imperial"] | None,
    as_json: bool,
) -> None:
    """Draw the forecast of a place; without one, of the place in the settings."""
    from tao_servers.weather.question import Question

    where = place if place and place.strip() else settings.agent.place
    if where is None:
        raise click.UsageError(
            "Name a place, such as: tao-weather show 上海. TAO_AGENT_PLACE sets a usual one."
        )
    if units:
        weather = settings.weather.model_copy(update={"units": units})
        settings = settings.model_copy(update={"weather": weather})
    language = language_of(f"{where}{when or ''}")
    question = Question(where, language, when, days or (None if when else 7), whole=True)
    try:
        _, forecast = _answered(settings, lambda outlook: outlook.forecast(question))
    except WeatherError as exc:
        _fail(exc)
    if as_json:
        click.echo(forecast.model_dump_json(exclude_none=True))
        return
    from tao_servers.weather.answering.chart import draw
    from tao_servers.weather.answering.paragraph import closing, opening

    system = settings.weather.units
    chart = [draw(forecast, language, units=system, width=_width())] if forecast.days else []
    _print(*opening(forecast, language, system), *chart, *closing(forecast, language, system))


def _width() -> int:
    from rich.console import Console

    return min(Console().width, _WIDEST)


def _print(*parts: "RenderableType") -> None:
    # Rich writes no colours where there is no terminal, or where NO_COLOR is set.
    from rich.console import Console

    console = Console(highlight=False, markup=False, width=_width())
    for part in parts:
        console.print(part)


def _as_json(place: "PlaceFound") -> dict[str, object]:
    row = place.model_dump(exclude={"path", "population"})
    return row | {"admin": place.path, "population": place.population or 0}


def _answered(settings: Settings, ask: "Callable[[Outlook], Awaitable[T]]") -> T:
    """Ask with the sources open; Ctrl-C ends it without a traceback."""
    import anyio

    from tao_servers.weather.opened import with_outlook

    try:
        return anyio.run(functools.partial(with_outlook, settings.weather, ask))
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)


def _fail(error: WeatherError) -> NoReturn:
    from tao_servers.weather.dates import UnreadableTime
    from tao_servers.weather.outlook import NoSource

    click.echo(f"Error: {error}", err=True)
    codes: dict[type[WeatherError], int] = {NoSource: _NO_SOURCE, UnreadableTime: _USAGE}
    sys.exit(codes.get(type(error), _NO_ANSWER))
