"""Draws a forecast for a terminal: a curve of the temperatures, bars of rain, and a table."""

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tao_prompts import Language
from tao_servers.weather.answering.answers import DayWeather, Forecast, Places
from tao_servers.weather.answering.units import Quantity, UnitSystem, units_of
from tao_servers.weather.answering.wording import date_text, say

__all__ = ["draw", "draw_places"]

_MARGIN = 7
_CURVE_ROWS = 8
_RAIN_ROWS = 4
_WIDEST_DAY = 12
_WEEKDAYS: dict[Language, str] = {"zh": "一 二 三 四 五 六 日", "en": "Mo Tu We Th Fr Sa Su"}
_NUMBERS: tuple[tuple[str, Quantity], ...] = (
    ("temperature_min", "temperature"),
    ("temperature_max", "temperature"),
    ("precipitation", "rain"),
    ("precipitation_probability", "percent"),
    ("wind_max", "wind"),
)
_Values = Sequence[float | None]


def draw(forecast: Forecast, language: Language, *, units: UnitSystem, width: int) -> RenderableType:
    """The chart, `width` columns wide at most, and below it the numbers."""
    days = forecast.days
    column = min(max((width - _MARGIN) // max(len(days), 1), 3), _WIDEST_DAY)
    parts: list[RenderableType] = []
    highs, lows = (_column(days, f"temperature_{end}", "temperature", units) for end in ("max", "min"))
    if len(days) > 1 and any(value is not None for value in (*highs, *lows)):
        parts.append(Text(say("temperature", language, units_of(units)["temperature"].symbol), "bold"))
        parts.append(Text("\n".join(_curves((highs, lows), column)), "yellow"))
    rain = _column(days, "precipitation", "rain", units)
    if len(days) > 1 and any(rain):
        parts.append(Text(say("rain chart", language, units_of(units)["rain"].symbol), "bold"))
        parts.append(Text("\n".join(_bars(rain, column)), "blue"))
    if parts:
        parts += [Text(_axis(days, column, language)), Text()]
    return Group(*parts, _table(days, language, units))


def draw_places(places: Places, language: Language) -> RenderableType:
    """The places as a table, the likeliest first."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in say("place columns", language).split():
        table.add_column(heading)
    for place in places.places:
        people = f"{place.population:,}" if place.population else "-"
        label, point = ", ".join((place.name, *place.path)), f"{place.latitude:g},{place.longitude:g}"
        table.add_row(Text(label), point, people, place.time_zone)
    return table


def _column(days: Sequence[DayWeather], name: str, quantity: Quantity, units: UnitSystem) -> _Values:
    return [getattr(day, f"{name}_{units_of(units)[quantity].field}") for day in days]


def _curves(series: Sequence[_Values], column: int) -> Iterator[str]:
    import plotille  # type: ignore[import-untyped]

    known = [value for values in series for value in values if value is not None]
    low, high = min(known), max(known)
    count = len(series[0])
    edge = max(high - low, 1) / 16
    canvas = plotille.Canvas(column * count, _CURVE_ROWS, 0, low - edge, count, high + edge)
    for values in series:
        for day, value in enumerate(values):
            if value is None:
                continue
            canvas.point(day + 0.5, value)
            # A day without a value is a gap, not a straight line across.
            following = values[day + 1] if day + 1 < count else None
            if following is not None:
                canvas.line(day + 0.5, value, day + 1.5, following)
    return _with_scale(canvas.plot(), f"{high:g}", f"{low:g}")


def _bars(values: _Values, column: int) -> Iterator[str]:
    import plotille  # type: ignore[import-untyped, unused-ignore]

    high = max(value or 0.0 for value in values)
    canvas = plotille.Canvas(column * len(values), _RAIN_ROWS, 0, 0, len(values), high * 1.01)
    dots = 2 * column
    for day, value in enumerate(values):
        for dot in range(dots // 4, dots - dots // 4):
            if value:
                canvas.line(day + dot / dots, 0, day + dot / dots, value)
    return _with_scale(canvas.plot(), f"{high:g}", "0")


def _with_scale(drawn: str, top: str, bottom: str) -> Iterator[str]:
    lines = drawn.split("\n")
    for number, line in enumerate(lines):
        label = top if number == 0 else bottom if number == len(lines) - 1 else ""
        yield f"{label:>{_MARGIN - 2}} {line}".rstrip()


def _axis(days: Sequence[DayWeather], column: int, language: Language) -> str:
    names = _WEEKDAYS[language].split()
    labels = [f"{day.date.day}{names[day.date.weekday()]}" for day in days]
    if any(cell_len(label) >= column for label in labels):
        labels = [str(day.date.day) for day in days]
    return " " * (_MARGIN - 1) + "".join(_centred(label, column) for label in labels)


def _centred(label: str, column: int) -> str:
    # Chinese characters are two columns wide.
    room = max(column - cell_len(label), 0)
    return " " * (room // 2) + label + " " * (room - room // 2)


def _table(days: Sequence[DayWeather], language: Language, units: UnitSystem) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0))
    day_heading, weather_heading, *headings = say("columns", language).split()
    table.add_column(day_heading, no_wrap=True)
    table.add_column(weather_heading)
    for heading, (_, quantity) in zip(headings, _NUMBERS, strict=True):
        table.add_column(f"{heading}\n{units_of(units)[quantity].symbol}", justify="right", no_wrap=True)
    for day in days:
        cells = [_cell(day, name, quantity, units) for name, quantity in _NUMBERS]
        name = date_text(day.date, language).removeprefix(f"{day.date.year}-")
        table.add_row(name, Text(day.weather or "-"), *cells)
    return table


def _cell(day: DayWeather, name: str, quantity: Quantity, units: UnitSystem) -> str:
    value = getattr(day, f"{name}_{units_of(units)[quantity].field}")
    return "-" if value is None else f"{value:g}"
