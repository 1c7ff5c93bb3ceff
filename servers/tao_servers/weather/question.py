"""What is asked for: the days and hours, in the zone of the place, within what can be known."""

import datetime
from dataclasses import dataclass, replace
from typing import Literal

from tao_prompts import Language
from tao_servers.weather.answering.wording import date_text, say, shorten, span_text
from tao_servers.weather.errors import WeatherError

__all__ = ["Detail", "Question", "Window", "window_of"]

Detail = Literal["daily", "hourly", "now"]

_AHEAD = datetime.timedelta(days=15)
_BACK = datetime.timedelta(days=91)
_DAY = datetime.timedelta(days=1)
_USUAL_DAYS = 3
_USUAL_HOURS = 24


@dataclass(frozen=True, slots=True)
class Question:
    """The arguments of `get_forecast`; `days` and `when` may be left out.

    `whole` is for those who are not shown a result through a host: nothing is left out for its length.
    """

    place: str
    language: Language
    when: str | None = None
    days: int | None = None
    detail: Detail = "daily"
    air_quality: bool = False
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """The days, both included, what of them is told, and what the reader must know of the choice.

    `asked` is what `when` means in dates, also where not all of it can be known;
    `hours` are those of each day that are meant; `start` is the time before which nothing is told.
    """

    today: datetime.date
    first: datetime.date
    last: datetime.date
    detail: Detail
    hours: tuple[int, int] | None = None
    start: datetime.datetime | None = None
    most_hours: int | None = None
    notes: tuple[str, ...] = ()
    asked: str | None = None


def window_of(question: Question, now: datetime.datetime) -> Window:
    """Read when and how long; `now` is the time at the place, in its zone.

    Raises:
        WeatherError: `when` cannot be read, or nothing is known of any of those days.
    """
    today = now.date()
    if question.when is None or not question.when.strip():
        return _from_now_on(question, now)
    # Imported here: its patterns are not needed to list the tools.
    from tao_servers.weather.dates import read_when

    when = read_when(question.when, now)
    last = when.last
    if question.days and when.first == when.last and when.hours is None:
        # No further than the calendar goes.
        last += min((question.days - 1) * _DAY, datetime.date.max - last)
    detail = "now" if when.is_now and question.detail == "daily" else question.detail
    if detail == "now" and not when.first <= today <= last:
        detail = "daily"
    window = Window(today, when.first, last, detail, when.hours)
    return _known_part(window, question.when, question.language)


def _from_now_on(question: Question, now: datetime.datetime) -> Window:
    today = now.date()
    if question.detail == "now":
        return Window(today, today, today, "now")
    if question.detail == "hourly":
        hour = now.replace(minute=0, second=0, microsecond=0)
        last = today + ((question.days or 2) - 1) * _DAY
        most = None if question.days else _USUAL_HOURS
        return Window(today, today, last, "hourly", start=hour, most_hours=most)
    # A model that asks for one day often means tomorrow.
    days = max(2, question.days or _USUAL_DAYS)
    return Window(today, today, today + (days - 1) * _DAY, "daily")


def _known_part(window: Window, said: str, language: Language) -> Window:
    latest, earliest = window.today + _AHEAD, window.today - _BACK
    asked = span_text(window.first, window.last, language)
    asked_text = say("asked", language, when=shorten(said, 60), days=asked)
    if window.first > latest:
        raise WeatherError(say("too far", language, asked, date_text(latest, language)))
    if window.last < earliest:
        raise WeatherError(say("too old", language, asked, date_text(earliest, language)))
    notes = []
    if window.last > latest:
        notes.append(say("too far, in part", language, date_text(latest, language)))
    if window.first < earliest:
        notes.append(say("too old, in part", language, date_text(earliest, language)))
    first, last = max(window.first, earliest), min(window.last, latest)
    return replace(window, first=first, last=last, notes=tuple(notes), asked=asked_text)
