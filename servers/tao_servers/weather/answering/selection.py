"""Chooses of a report what was asked for, and names what is not there."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from tao_prompts import Language
from tao_servers.weather.answering.answers import AirQuality
from tao_servers.weather.answering.compose import air_record, worst_air
from tao_servers.weather.answering.notes import missing_note
from tao_servers.weather.answering.wording import date_text, say
from tao_servers.weather.errors import WeatherError
from tao_servers.weather.question import Window
from tao_servers.weather.values import Air, Day, Hour, Report

__all__ = ["Chosen", "choose"]

_DAY = datetime.timedelta(days=1)
# A value further from the clock is not the weather now.
_NOW = datetime.timedelta(minutes=90)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is told; the times of `hours` are in the zone of the place."""

    now: Hour | None
    days: tuple[Day, ...]
    hours: tuple[Hour, ...]
    air: tuple[AirQuality, ...]
    missing: tuple[datetime.date, ...]
    notes: tuple[str, ...]


def choose(
    window: Window,
    report: Report,
    air: Report | None,
    now: datetime.datetime,
    zone: datetime.tzinfo,
    language: Language,
) -> Chosen:
    """Choose what `window` asks for.

    Raises:
        WeatherError: the report has nothing of it.
    """
    hours = tuple(hour.model_copy(update={"time": hour.time.astimezone(zone)}) for hour in report.hours)
    notes: list[str] = []
    current = _current(window, report, hours, now)
    if window.detail == "now" and (current is None or report.now is not current):
        notes.append(say("no now" if current else "nothing now", language, report.source))
    told_days = () if window.detail == "hourly" else tuple(d for d in report.days if _lies_in(window, d.date))
    told_hours = _hours(window, hours)
    missing = _missing(window, told_days, told_hours)
    if window.detail == "hourly" or window.hours:
        with_hours = {hour.time.date() for hour in told_hours}
        notes += missing_note("no hours", _days(window) - with_hours, report.source, language)
    if window.detail != "hourly":
        notes += missing_note("missing", missing, report.source, language)
    if not (current or told_days or told_hours):
        raise WeatherError(" ".join(notes) or _nothing(window, report, language))
    records, air_notes = _air(window, air, now, zone, language)
    return Chosen(current, told_days, told_hours, records, missing, (*notes, *air_notes))


def _nothing(window: Window, report: Report, language: Language) -> str:
    return say("missing", language, date_text(window.first, language), report.source)


def _days(window: Window) -> set[datetime.date]:
    return {window.first + count * _DAY for count in range((window.last - window.first).days + 1)}


def _lies_in(window: Window, day: datetime.date) -> bool:
    return window.first <= day <= window.last


def _current(window: Window, report: Report, hours: Iterable[Hour], now: datetime.datetime) -> Hour | None:
    """The weather now, where today is asked for; if need be, that of the nearest hour."""
    if not _lies_in(window, window.today) or window.hours:
        return None
    near = [report.now] if report.now and abs(report.now.time - now) <= _NOW else []
    if not near and window.detail == "now":
        near = sorted(
            (hour for hour in hours if abs(hour.time - now) <= _NOW), key=lambda hour: abs(hour.time - now)
        )
    return near[0] if near else None


def _hours(window: Window, hours: Iterable[Hour]) -> tuple[Hour, ...]:
    if window.detail == "now" or (window.detail == "daily" and window.hours is None):
        return ()
    first, last = window.hours or (0, 23)
    told = tuple(
        hour
        for hour in hours
        if _lies_in(window, hour.time.date())
        and first <= hour.time.hour <= last
        and (window.start is None or hour.time >= window.start)
    )
    return told[: window.most_hours]


def _missing(window: Window, days: tuple[Day, ...], hours: tuple[Hour, ...]) -> tuple[datetime.date, ...]:
    there = {hour.time.date() for hour in hours} if window.detail == "hourly" else {day.date for day in days}
    absent = _days(window) - there
    if window.most_hours:
        # The last of these hours may lie before the last day.
        absent = {day for day in absent if not hours or day < hours[-1].time.date()}
    return tuple(sorted(absent))


def _air(
    window: Window, report: Report | None, now: datetime.datetime, zone: datetime.tzinfo, language: Language
) -> tuple[tuple[AirQuality, ...], list[str]]:
    if report is None:
        return (), []
    current: list[Air] = []
    if _lies_in(window, window.today):
        near = [one for one in report.air if abs(one.time - now) <= _NOW]
        current = sorted(near, key=lambda one: abs(one.time - now))[:1]
    told = list(current)
    if window.detail == "now":
        return tuple(air_record(one, zone) for one in told), []
    worst = {day: worst_air(report.air, day, zone) for day in sorted(_days(window))}
    told += [one for one in worst.values() if one and one not in told]
    notes = missing_note(
        "air missing", [day for day, one in worst.items() if one is None], report.source, language
    )
    if len(told) > len(current):
        notes.append(say("worst air", language))
    return tuple(air_record(one, zone) for one in told), notes
