import datetime
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.cells import cell_len
from rich.console import Console

from tao_prompts import Language
from tao_servers.weather.answering.answers import DayWeather, Forecast
from tao_servers.weather.answering.chart import draw
from tao_servers.weather.command import run

_DRAWINGS = Path(__file__).with_name("transcripts")


def _run(*arguments: str, **env: str) -> Result:
    # No source is reached: every test here is about what needs none.
    nowhere = {"TAO_WEATHER_TIMEOUT": "0.5", "TAO_WEATHER_SOURCES": '["open-meteo"]'}
    addresses = dict.fromkeys(
        ("TAO_WEATHER_FORECAST_URL", "TAO_WEATHER_GEOCODING_URL"), "http://127.0.0.1:1/nobody"
    )
    return CliRunner().invoke(run, arguments, env={**nowhere, **addresses, **env})


def _forecast(count: int, **values: float | None) -> Forecast:
    first = datetime.date(2026, 11, 22)
    days = []
    for number in range(count):
        day = {
            "temperature_max_celsius": 12.0 + number % 5,
            "temperature_min_celsius": -3.0 + number % 4,
            "precipitation_mm": 2.5 * (number % 3),
            "precipitation_probability_percent": 10.0 * (number % 11),
            "wind_max_kmh": 20.0,
            **values,
        }
        date = first + datetime.timedelta(days=number)
        days.append(DayWeather.model_validate({"date": date, "weather": "局部多云", **day}))
    return Forecast(
        place="上海",
        latitude=31.2,
        longitude=121.5,
        time_zone="Asia/Shanghai",
        source="open-meteo",
        attribution="Open-Meteo",
        as_of="2026-11-22 13:20",
        first_day=first,
        last_day=first + datetime.timedelta(days=count - 1),
        days=days,
    )


def _drawn(forecast: Forecast, width: int, language: Language = "zh", *, terminal: bool = False) -> str:
    file = io.StringIO()
    console = Console(file=file, width=width, force_terminal=terminal, color_system="auto", highlight=False)
    console.print(draw(forecast, language, units="metric", width=width))
    return file.getvalue()


def _without_trailing_space(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def test_a_week_is_drawn_as_a_curve_bars_and_a_table() -> None:
    drawn = _without_trailing_space(_drawn(_forecast(7), 60))
    assert drawn == (_DRAWINGS / "chart_week.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("count", [1, 2, 7, 16])
@pytest.mark.parametrize("width", [60, 80, 100])
def test_a_chart_is_never_wider_than_the_terminal(count: int, width: int, language: Language) -> None:
    drawn = _drawn(_forecast(count), width, language)
    assert max(cell_len(line.rstrip()) for line in drawn.splitlines()) <= width
    # Every number is there in full, whatever the width.
    assert "…" not in drawn.replace("局部多…", "").replace("局部…", "").replace("局…", "")
    assert f"{12.0 + (count - 1) % 5:g}" in drawn


def test_colours_are_for_terminals_and_not_where_they_are_unwanted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[" not in _drawn(_forecast(3), 80)
    assert "\x1b[33m" in _drawn(_forecast(3), 80, terminal=True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[33m" not in _drawn(_forecast(3), 80, terminal=True)


def test_values_that_are_missing_are_a_gap() -> None:
    none = dict.fromkeys(("temperature_max_celsius", "temperature_min_celsius", "precipitation_mm"))
    drawn = _drawn(_forecast(3, **none), 80)
    assert "气温" not in drawn
    assert "降水 mm" not in drawn
    assert "-" in drawn
    half = _forecast(3)
    half.days[1].temperature_max_celsius = None
    assert "气温 °C" in _drawn(half, 80)


def test_dry_days_have_no_bars() -> None:
    assert "降水 mm\n" not in _drawn(_forecast(5, precipitation_mm=0.0), 80)


def test_places_are_found_without_the_network() -> None:
    found = _run("find", "Springfield", "--json")
    rows = json.loads(found.stdout)
    assert found.exit_code == 0
    assert {"name", "latitude", "longitude", "admin", "population"} <= set(rows[0])
    assert ["Illinois", "United States"] in [row["admin"] for row in rows]
    table = _run("find", "朝阳区").stdout
    assert "地点" in table
    assert "北京市" in table


def test_a_place_that_is_none_is_no_answer() -> None:
    found = _run("find", "Qqzzxxy", "--json")
    assert (found.exit_code, found.stdout) == (1, "[]\n")
    assert found.stderr.startswith("Error: ")
    assert len(found.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("show",), 2, "Name a place"),
        (("show", "上海", "--days", "17"), 2, "--days"),
        (("show", "上海", "--units", "kelvin"), 2, "--units"),
        (("show", "上海", "--when", "以后"), 2, "看不懂时间 '以后'"),
        (("show", "上海", "--when", "2031-01-01"), 1, "预报最远只到"),
        (("show", "Qqzzxxy"), 1, "Qqzzxxy"),
        (("show", "上海"), 3, "查不到天气预报：open-meteo"),
        (("show", "Oslo"), 3, "No source could give the forecast: open-meteo"),
        (("find",), 2, "NAME"),
        (("shwo",), 2, "shwo"),
    ],
)
def test_the_exit_code_tells_who_is_to_blame(arguments: tuple[str, ...], code: int, told: str) -> None:
    outcome = _run(*arguments)
    assert outcome.exit_code == code
    assert told in outcome.stderr
    assert outcome.stdout == ""
    assert "Traceback" not in outcome.stderr


def test_wrong_settings_are_named() -> None:
    outcome = _run("find", "Oslo", TAO_WEATHER_UNITS="kelvin")
    assert outcome.exit_code == 2
    assert "weather.units" in outcome.stderr
