"""Days made out of the hours of a forecast that has no days of its own."""

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from tao_servers.weather.sources.source import Span, Spot
from tao_servers.weather.sources.sun import sun_times
from tao_servers.weather.sources.symbols import worst
from tao_servers.weather.values import Day

__all__ = ["Stretch", "days_of", "span_dates"]

_HOUR = datetime.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is forecast from `start` up to `end`, both in UTC: °C, mm, %, km/h.

    `temperature`, `wind` and `gusts` are those at `start`; `low` and `high` are the extremes within.
    """

    start: datetime.datetime
    end: datetime.datetime
    code: int | None = None
    temperature: float | None = None
    low: float | None = None
    high: float | None = None
    precipitation: float | None = None
    probability: float | None = None
    wind: float | None = None
    gusts: float | None = None

    @property
    def middle(self) -> datetime.datetime:
        """When half of it is over."""
        return self.start + (self.end - self.start) / 2

    @property
    def long(self) -> bool:
        """Whether it is longer than an hour, so that a value at its start does not stand for all of it."""
        return self.end - self.start > _HOUR


def span_dates(span: Span) -> Iterator[datetime.date]:
    """The days of the span, in order."""
    for number in range((span.last - span.first).days + 1):
        yield span.first + datetime.timedelta(days=number)


def days_of(stretches: Iterable[Stretch], spot: Spot, span: Span) -> tuple[Day, ...]:
    """Make the days of the span that the stretches cover from midnight to midnight, and today.

    Of a day that is only partly there, its extremes and sums cannot be known: today then has only the weather
    of what is left of it, and any other such day is left out.
    """
    ordered = sorted(stretches, key=lambda one: one.start)
    made = (_day(ordered, date, spot, today=date == span.today) for date in span_dates(span))
    return tuple(day for day in made if day is not None)


def _day(stretches: Sequence[Stretch], date: datetime.date, spot: Spot, *, today: bool) -> Day | None:
    begin, end = _midnight(date, spot), _midnight(date + datetime.timedelta(days=1), spot)
    touching = [one for one in stretches if one.start < end and one.end > begin]
    inside = [one for one in touching if begin <= one.middle < end]
    whole = _covers(touching, begin, end)
    if not inside or not (whole or today):
        return None
    sunrise, sunset = sun_times(spot, date)
    day = Day(
        date=date,
        code=worst(one.code for one in inside),
        precipitation_probability=_highest(one.probability for one in inside),
        sunrise=sunrise,
        sunset=sunset,
    )
    return day.model_copy(update=_extremes(touching, inside, begin, end)) if whole else day


def _extremes(
    touching: Sequence[Stretch], inside: Sequence[Stretch], begin: datetime.datetime, end: datetime.datetime
) -> dict[str, float | None]:
    temperatures = _complete(_temperatures(touching, begin, end))
    # Six hours across midnight: nobody says how much of their rain fell on which side.
    split = any(one.long and not (begin <= one.start and one.end <= end) for one in touching)
    sampled = any(one.long for one in touching)
    return {
        "temperature_max": max(temperatures, default=None),
        "temperature_min": min(temperatures, default=None),
        "precipitation": None if split else _sum(_complete(one.precipitation for one in inside)),
        "wind_max": None if sampled else max(_complete(one.wind for one in inside), default=None),
        "gusts_max": None if sampled else max(_complete(one.gusts for one in inside), default=None),
    }


def _temperatures(
    stretches: Iterable[Stretch], begin: datetime.datetime, end: datetime.datetime
) -> Iterator[float | None]:
    for one in stretches:
        within = begin <= one.start and one.end <= end
        if begin <= one.start:
            yield one.temperature
        if one.long and within:
            yield from (one.low, one.high)


def _covers(stretches: Iterable[Stretch], begin: datetime.datetime, end: datetime.datetime) -> bool:
    reached = begin
    for one in stretches:
        if one.start > reached:
            return False
        reached = max(reached, one.end)
    return reached >= end


def _midnight(date: datetime.date, spot: Spot) -> datetime.datetime:
    # In UTC, since a difference of two local times passes over a change of the clocks.
    local = datetime.datetime.combine(date, datetime.time.min, ZoneInfo(spot.time_zone))
    return local.astimezone(datetime.UTC)


def _highest(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def _complete(values: Iterable[float | None]) -> list[float]:
    """All the values, or none at all where one of them is missing."""
    every = list(values)
    known = [value for value in every if value is not None]
    return known if len(known) == len(every) else []


def _sum(values: Sequence[float]) -> float | None:
    return round(sum(values), 2) if values else None
