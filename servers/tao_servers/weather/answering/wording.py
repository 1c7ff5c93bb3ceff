"""The words of answers, in Chinese and in English."""

import csv
import datetime
from functools import cache
from pathlib import Path

from tao_prompts import Language

__all__ = ["compass", "date_text", "day_text", "say", "shorten", "span_text", "weather_words"]

_CODES = Path(__file__).with_name("weather_codes.csv")
_DAY_NAMES: dict[Language, dict[int, str]] = {
    "zh": {-2: "前天 ", -1: "昨天 ", 0: "今天 ", 1: "明天 ", 2: "后天 "},
    "en": {-1: "yesterday ", 0: "today ", 1: "tomorrow "},
}
_WEEKDAYS: dict[Language, str] = {
    "zh": "周一 周二 周三 周四 周五 周六 周日",
    "en": "Mon Tue Wed Thu Fri Sat Sun",
}
_COMPASS: dict[Language, str] = {
    "zh": "北 东北 东 东南 南 西南 西 西北",
    "en": "north north-east east south-east south south-west west north-west",
}
_PHRASES = {
    "weather": ("{place}（{point}）的天气，时区 {zone}", "Weather in {place} ({point}), time zone {zone}"),
    "asked": ("“{when}”是 {days}", "'{when}' is {days}"),
    "now": ("现在", "now"),
    "no data": ("无数据", "no data"),
    "high": ("最高 {0}", "high {0}"),
    "low": ("最低 {0}", "low {0}"),
    "feels": ("体感 {0}", "feels like {0}"),
    "humidity": ("湿度 {0}", "humidity {0}"),
    "rain": ("降水 {0}", "precipitation {0}"),
    "chance": ("降水概率 {0}", "chance of precipitation {0}"),
    "wind": ("风速 {0}", "wind {0}"),
    "wind from": ("{from_}风 {0}", "wind {0} from the {from_}"),
    "wind max": ("最大风速 {0}", "wind up to {0}"),
    "gusts": ("阵风 {0}", "gusts {0}"),
    "sunrise": ("日出 {0}", "sunrise {0}"),
    "sunset": ("日落 {0}", "sunset {0}"),
    "air": ("空气质量（{0}）", "air quality ({0})"),
    "same": ("同名地点：{0}", "Other places of this name: {0}"),
    "source": ("数据来源：{0}；{1} 取得", "Source: {0}; read {1}"),
    "run": ("，预报发布于 {0}", ", forecast made {0}"),
    "air source": ("空气质量数据来源：{0}", "Air quality source: {0}"),
    "missing": ("没有 {0} 的数据：{1} 没有给出。", "There are no data for {0}: {1} gives none."),
    "no hours": (
        "没有 {0} 逐小时的数据：{1} 没有给出。",
        "There are no hourly data for {0}: {1} gives none.",
    ),
    "no now": (
        "{0} 没有给出当前的天气；列出的是最近的一小时。",
        "{0} gives no current weather; the nearest hour is shown.",
    ),
    "nothing now": (
        "{0} 没有给出当前的天气。",
        "{0} gives no current weather.",
    ),
    "stale": ("这是 {0}前的数据，因为{1}。", "These data are {0} old, because {1}."),
    "other source": ("{1}，改用 {0}。", "{1}; {0} answered instead."),
    "no newer": ("没有更新的数据", "no newer ones could be had"),
    "too far": (
        "没有 {0} 的预报：预报最远只到 {1}。请查这一天以前的日期。",
        "There is no forecast for {0}: the last day that there is one for is {1}. Ask for a day up to then.",
    ),
    "too far, in part": ("{0} 以后还没有预报。", "There is no forecast after {0} yet."),
    "too old": (
        "没有 {0} 的天气：最早只到 {1}。请查这一天以后的日期。",
        "There is no weather for {0}: the earliest day that there is is {1}. Ask for a day from then on.",
    ),
    "too old, in part": ("{0} 以前的数据没有。", "There are no data before {0}."),
    "cut": (
        "结果太长，只列到 {0}；其余请用 when='{1}' 再查。",
        "Cut at {0} for length: ask with when='{1}' for the rest.",
    ),
    "cut alerts": (
        "预警太多，只列出 {0} 条（共 {1} 条）。",
        "Only {0} of {1} warnings are shown, for length.",
    ),
    "no air": ("空气质量没有查到：{0}", "The air quality could not be had: {0}"),
    "worst air": (
        "空气质量列的是每天最差的一小时。",
        "Of the air of each day, the worst hour is shown.",
    ),
    "air missing": (
        "没有 {0} 的空气质量：{1} 没有给出。",
        "There is no air quality for {0}: {1} gives none.",
    ),
    "plain": (
        "为了不太长，阵风、湿度、日出日落等没有列出。",
        "Gusts, humidity, sunrise and the like are left out, for length.",
    ),
    "alerts": (
        "{place}（{point}）的气象预警，时区 {zone}",
        "Weather warnings for {place} ({point}), time zone {zone}",
    ),
    "no alerts": ("目前没有预警。", "There are no warnings in force."),
    "no alerts then": (
        "当时没有预警；之后有没有，不知道。",
        "There were no warnings then; whether there are any by now is not known.",
    ),
    "from to": ("{0} 至 {1}", "{0} to {1}"),
    "from": ("{0} 起", "from {0}"),
    "until": ("至 {0}", "until {0}"),
    "no place": (
        "没有说是哪里。请问用户在哪个城市，再用 place 查。",
        "No place was given. Ask the user for the city, then call again with place.",
    ),
    "long": (
        "{0} 太长（{1} 个字符）。请只写城市名，例如“上海”。",
        "{0} is too long ({1} characters). Give a city only, such as 'Oslo'.",
    ),
    "joined": ("；", "; "),
    "late": (
        "天气在 {0:g} 秒内没有查到。请稍后再试。",
        "The weather could not be had within {0:g} seconds. Try again later.",
    ),
    "zone": (
        "时区 {0!r} 在这台机器上没有（pip install tzdata 可以补上）。",
        "This machine does not know the time zone {0!r} (pip install tzdata adds it).",
    ),
    "places": ("{0} 可能是：", "{0} may be:"),
    "people": ("人口 {0}", "population {0}"),
    "temperature": ("气温 {0}（上：最高，下：最低）", "Temperature {0} (upper: high, lower: low)"),
    "rain chart": ("降水 {0}", "Precipitation {0}"),
    "columns": ("日期 天气 最低 最高 降水 概率 风", "Day Weather Low High Rain Chance Wind"),
    "place columns": ("地点 坐标 人口 时区", "Place Coordinates Population Zone"),
}


def say(phrase: str, language: Language, *values: object, **named: object) -> str:
    """A phrase with its values."""
    return _PHRASES[phrase][0 if language == "zh" else 1].format(*values, **named)


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


def compass(degrees: float | None, language: Language) -> str | None:
    """The direction in words, one of eight."""
    if degrees is None:
        return None
    return _COMPASS[language].split()[round(degrees / 45) % 8]


def date_text(day: datetime.date, language: Language) -> str:
    """The date with its weekday."""
    weekday = _WEEKDAYS[language].split()[day.weekday()]
    return f"{day.isoformat()}（{weekday}）" if language == "zh" else f"{day.isoformat()} ({weekday})"


def day_text(day: datetime.date, today: datetime.date, language: Language) -> str:
    """The date with its weekday and, near today, its name."""
    return _DAY_NAMES[language].get((day - today).days, "") + date_text(day, language)


def span_text(first: datetime.date, last: datetime.date, language: Language) -> str:
    """One day, or the first and the last of several."""
    if first == last:
        return date_text(first, language)
    return say("from to", language, date_text(first, language), date_text(last, language))
