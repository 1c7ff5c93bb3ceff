"""What a forecast says in Chinese and in English."""

import csv
from functools import cache
from pathlib import Path

from tao_prompts import Language
from tao_servers.weather.report import Day, Forecast

__all__ = ["describe", "shorten", "weather_words"]

_CODES = Path(__file__).with_name("weather_codes.csv")
_DAY_NAMES: dict[Language, tuple[str, ...]] = {
    "zh": ("今天 ", "明天 ", "后天 "),
    "en": ("today ", "tomorrow "),
}
_WEEKDAYS: dict[Language, tuple[str, ...]] = {
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}


def shorten(text: str, length: int) -> str:
    """The text on one line, without control characters, at most `length` characters long."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * length]).split())
    return line if len(line) <= length else line[: length - 1] + "…"


@cache
def _codes() -> dict[int, dict[str, str]]:
    with _CODES.open(encoding="utf-8", newline="") as file:
        return {int(row["code"]): row for row in csv.DictReader(file)}


def weather_words(code: int | None, language: Language) -> str | None:
    """A WMO weather code (table 4677, as Open-Meteo uses it) in words."""
    if code is None:
        return None
    row = _codes().get(code)
    return row[language] if row else {"zh": f"天气代码 {code}", "en": f"weather code {code}"}[language]


def describe(forecast: Forecast, language: Language) -> str:
    """The whole forecast as lines to read, each number with its unit and its date."""
    lines = [_heading(forecast, language)]
    if forecast.note:
        lines.append(forecast.note)
    if forecast.current:
        now = forecast.current
        values = [now.weather, _amount(now.temperature_celsius, "°C")]
        lines.append(
            _line({"zh": "现在", "en": "now"}[language], now.time.replace("T", " "), values, language)
        )
    lines += [_day(number, day, language) for number, day in enumerate(forecast.days)]
    if forecast.same_name:
        names = "; ".join(forecast.same_name)
        lines.append({"zh": f"同名地点：{names}", "en": f"Other places of this name: {names}"}[language])
    lines.append({"zh": "数据来源：", "en": "Source: "}[language] + forecast.source)
    return "\n".join(lines)


def _heading(forecast: Forecast, language: Language) -> str:
    where = f"{forecast.latitude:g}, {forecast.longitude:g}"
    if language == "zh":
        return f"{forecast.place}（{where}）的天气，时区 {forecast.time_zone}"
    return f"Weather in {forecast.place} ({where}), time zone {forecast.time_zone}"


def _day(number: int, day: Day, language: Language) -> str:
    names = _DAY_NAMES[language]
    name = (names[number] if number < len(names) else "") + day.date.isoformat()
    zh = language == "zh"
    high, low = _amount(day.temperature_max_celsius, "°C"), _amount(day.temperature_min_celsius, "°C")
    rain, wind = _amount(day.precipitation_mm, "mm"), _amount(day.wind_max_kmh, "km/h")
    chance = _amount(day.precipitation_probability_percent, "%")
    values = [
        day.weather,
        high and f"{'最高' if zh else 'high'} {high}",
        low and f"{'最低' if zh else 'low'} {low}",
        rain and f"{'降水' if zh else 'precipitation'} {rain}",
        chance and f"{'降水概率' if zh else 'chance of precipitation'} {chance}",
        wind and f"{'最大风速' if zh else 'wind up to'} {wind}",
    ]
    return _line(name, _WEEKDAYS[language][day.date.weekday()], values, language)


def _line(name: str, detail: str, values: list[str | None], language: Language) -> str:
    said = [value for value in values if value] or [{"zh": "无数据", "en": "no data"}[language]]
    if language == "zh":
        return f"{name}（{detail}）：{'，'.join(said)}"
    return f"{name} ({detail}): {', '.join(said)}"


def _amount(value: float | None, unit: str) -> str | None:
    return None if value is None else f"{value:g} {unit}"
