"""Answers the three questions: place, then source, then an answer that fits a host's limit."""

import datetime
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import anyio

from tao.settings import WeatherSettings
from tao_prompts import Language, language_of
from tao_servers.weather.answering.answers import Alerts, Forecast, PlaceFound, Places
from tao_servers.weather.answering.fit import Maker, fitted_alerts
from tao_servers.weather.answering.notes import notes_of
from tao_servers.weather.answering.wording import say
from tao_servers.weather.errors import WeatherError
from tao_servers.weather.question import Question, window_of

if TYPE_CHECKING:
    from tao_servers.weather.places import Found, Place
    from tao_servers.weather.sources import Answer
    from tao_servers.weather.sources.source import Fetch, Span, Spot, Wanted

__all__ = ["NoSource", "Outlook", "Sources"]

_LONGEST_PLACE = 200
_CANDIDATES = 10


class NoSource(WeatherError):
    """No source answered."""


class Sources(Protocol):
    """Where weather comes from: `Weather`, or what a test puts in its place."""

    @property
    def fetch(self) -> "Fetch":
        """How the geocoder is asked."""

    async def ask(self, spot: "Spot", span: "Span", wanted: "Wanted", *, language: Language) -> "Answer":
        """Ask for a forecast, the air or the warnings."""


@dataclass(frozen=True, slots=True)
class _Here:
    """A place that was found, with its zone and the time there."""

    found: "Found"
    zone: ZoneInfo
    now: datetime.datetime

    @property
    def place(self) -> "Place":
        return self.found.place

    @property
    def spot(self) -> "Spot":
        from tao_servers.weather.sources.source import Spot

        place = self.place
        return Spot(place.latitude, place.longitude, place.time_zone, place.country)


class Outlook:
    """The answers of one server; `clock` tells the time in any zone."""

    def __init__(
        self, settings: WeatherSettings, sources: Sources, *, clock: Callable[[], datetime.datetime]
    ) -> None:
        self._settings = settings
        self._sources = sources
        self._clock = clock

    async def forecast(self, question: Question) -> tuple[str, Forecast]:
        """The forecast as text and as structure.

        Raises:
            WeatherError: the place or the time is not known, or no source answers.
        """
        here = await self._find(question.place, question.language)
        # In a thread: what reads dates is loaded with the first one.
        window = await anyio.to_thread.run_sync(window_of, question, here.now)
        span = _span(window.first, window.last, window.today)
        answer = await self._ask(here, span, "forecast", question.language)
        air, no_air = None, []
        if question.air_quality:
            try:
                air = await self._ask(here, span, "air", question.language)
            except NoSource as exc:
                no_air = [say("no air", question.language, exc)]
        notes = [*_found_notes(here.found), *window.notes, *notes_of(answer, question.language), *no_air]
        maker = Maker(question, window, here.found, here.zone, here.now, self._settings.units)
        return maker.make(answer, air, notes)

    async def alerts(self, place: str, language: Language) -> tuple[str, Alerts]:
        """The official warnings as text and as structure.

        Raises:
            WeatherError: the place is not known, or no source has warnings for it.
        """
        here = await self._find(place, language)
        today = here.now.date()
        answer = await self._ask(here, _span(today, today, today), "alerts", language)
        notes = [*_found_notes(here.found), *notes_of(answer, language)]
        return fitted_alerts(here.found, here.zone, answer, language, notes=notes)

    async def places(self, name: str, language: Language) -> Places:
        """The places of a name.

        Raises:
            WeatherError: there is none; the text has near names.
        """
        _check_length(name, language)
        from tao_servers.weather.places import candidates, find_place

        rows: Sequence[Place] = await anyio.to_thread.run_sync(
            functools.partial(candidates, name, language, limit=_CANDIDATES)
        )
        note = None
        if not rows:
            found = await find_place(
                name, settings=self._settings, fetch=self._sources.fetch, language=language
            )
            rows, note = [found.place, *found.same_name], found.note
        return Places(places=[_row(place) for place in rows], note=note)

    async def _ask(self, here: _Here, span: "Span", wanted: "Wanted", language: Language) -> "Answer":
        try:
            return await self._sources.ask(here.spot, span, wanted, language=language)
        except WeatherError as exc:
            raise NoSource(str(exc)) from exc

    async def _find(self, text: str, language: Language) -> _Here:
        _check_length(text, language)
        # Imported here: the names are read from a table that the list of tools does not need.
        from tao_servers.weather.places import find_place

        found = await find_place(text, settings=self._settings, fetch=self._sources.fetch, language=language)
        try:
            zone = ZoneInfo(found.place.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
            raise WeatherError(say("zone", language, found.place.time_zone)) from exc
        return _Here(found, zone, self._clock().astimezone(zone))


def _check_length(text: str, language: Language) -> None:
    if len(text) > _LONGEST_PLACE:
        start = text[:20] + "…"
        raise WeatherError(say("long", language_of(text) if text else language, repr(start), len(text)))


def _span(first: datetime.date, last: datetime.date, today: datetime.date) -> "Span":
    from tao_servers.weather.sources.source import Span

    return Span(first, last, today)


def _found_notes(found: "Found") -> list[str]:
    return [found.note] if found.note else []


def _row(place: "Place") -> PlaceFound:
    return PlaceFound(
        name=place.name,
        path=list(place.path),
        latitude=round(place.latitude, 4),
        longitude=round(place.longitude, 4),
        time_zone=place.time_zone,
        country=place.country or None,
        population=place.population or None,
    )
