"""Makes an answer of a report, and makes it fit: hosts cut what is longer than 8,000 characters."""

import datetime
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

from tao_prompts import Language
from tao_servers.weather.answering.answers import Alerts, Forecast
from tao_servers.weather.answering.compose import day_record, hour_record, local, warning_record
from tao_servers.weather.answering.paragraph import describe, describe_alerts
from tao_servers.weather.answering.selection import Chosen, choose
from tao_servers.weather.answering.units import UnitSystem
from tao_servers.weather.answering.wording import date_text, say, shorten
from tao_servers.weather.question import Question, Window

if TYPE_CHECKING:
    from tao_servers.weather.places import Found
    from tao_servers.weather.sources import Answer

__all__ = ["Maker", "fitted_alerts"]

# Both forms of a result count.
_LONGEST = 7800
_SAME_NAMES = 3
_ALERT_TEXTS = (600, 300, 120, 0)
_DAY = datetime.timedelta(days=1)

_Value = TypeVar("_Value", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Maker:
    """Everything that a forecast is made of."""

    question: Question
    window: Window
    found: "Found"
    zone: datetime.tzinfo
    now: datetime.datetime
    units: UnitSystem

    def make(self, answer: "Answer", air: "Answer | None", notes: Sequence[str]) -> tuple[str, Forecast]:
        """The forecast as text and as structure, as much of it as has room.

        Raises:
            WeatherError: the report has nothing of what was asked for.
        """
        language, air_report = self.question.language, air.report if air else None
        chosen = choose(self.window, answer.report, air_report, self.now, self.zone, language)
        extra = {} if air is None else {"air_attribution": air.report.attribution}
        frame = _frame(self.found, self.zone, answer) | extra

        def form(extras: bool, cut: str | None, size: int | None) -> tuple[str, Forecast]:
            return self._form(chosen, frame, [*notes, *chosen.notes], extras=extras, cut=cut, size=size)

        for extras in (True, False):
            made = form(extras, None, None)
            if self.question.whole or _is_short(*made):
                return made
        cut = "hours" if chosen.hours else "days"
        count = _most(len(getattr(chosen, cut)), lambda size: _is_short(*form(False, cut, size)))
        return form(False, cut, _whole_days(chosen, count) if cut == "hours" else count)

    def _form(
        self,
        chosen: Chosen,
        frame: dict[str, Any],
        notes: list[str],
        *,
        extras: bool,
        cut: str | None,
        size: int | None,
    ) -> tuple[str, Forecast]:
        language, units = self.question.language, self.units
        hours = chosen.hours[:size] if cut == "hours" else chosen.hours
        days = chosen.days[:size] if cut == "days" else chosen.days
        value = Forecast(
            **frame,
            asked=self.window.asked,
            first_day=self.window.first,
            last_day=self.window.last,
            now=hour_record(chosen.now, self.zone, language, units) if chosen.now else None,
            days=[day_record(day, self.zone, language, units, extras=extras) for day in days],
            hours=[hour_record(hour, self.zone, language, units, extras=extras) for hour in hours],
            air=list(chosen.air),
            missing_days=list(chosen.missing),
            notes=[*notes, *self._length_notes(chosen, extras, cut, size)],
        )
        return describe(value, language, units=units, today=self.window.today), value

    def _length_notes(self, chosen: Chosen, extras: bool, cut: str | None, size: int | None) -> list[str]:
        language, last = self.question.language, self.window.last
        notes = [] if extras else [say("plain", language)]
        if cut is None or size is None or size >= len(getattr(chosen, cut)):
            return notes
        if cut == "hours":
            until = local(chosen.hours[size - 1].time, self.zone)
            following = chosen.hours[size].time.astimezone(self.zone).date()
        else:
            until = date_text(chosen.days[size - 1].date, language)
            following = chosen.days[size].date
        rest = f"{following}..{last}" if following < last else f"{following}"
        return [*notes, say("cut", language, until, rest)]


def fitted_alerts(
    found: "Found", zone: datetime.tzinfo, answer: "Answer", language: Language, *, notes: Sequence[str]
) -> tuple[str, Alerts]:
    """The warnings as text and as structure: with shorter texts, and at last fewer, until they have room."""
    warnings = answer.report.alerts
    frame = _frame(found, zone, answer)

    def form(longest: int, count: int) -> tuple[str, Alerts]:
        records = [warning_record(alert, zone, longest=longest) for alert in warnings[:count]]
        cut = [say("cut alerts", language, count, len(warnings))] if count < len(warnings) else []
        value = Alerts(**frame, alerts=records, notes=[*notes, *cut])
        return describe_alerts(value, language), value

    for longest in _ALERT_TEXTS:
        made = form(longest, len(warnings))
        if _is_short(*made):
            return made
    return form(0, _most(len(warnings), lambda count: _is_short(*form(0, count))))


def _frame(found: "Found", zone: datetime.tzinfo, answer: "Answer") -> dict[str, Any]:
    report, stale = answer.report, answer.stale_seconds
    return {
        "place": shorten(found.place.label, 120),
        "latitude": round(found.place.latitude, 4),
        "longitude": round(found.place.longitude, 4),
        "time_zone": found.place.time_zone,
        "same_name": [shorten(place.label, 120) for place in found.same_name[:_SAME_NAMES]],
        "source": report.source,
        "attribution": shorten(report.attribution, 300),
        "as_of": local(report.fetched, zone),
        "model_run": local(report.issued, zone) if report.issued else None,
        "stale_minutes": None if stale is None else stale // 60,
    }


def _whole_days(chosen: Chosen, count: int) -> int:
    """At most `count` hours, ending with a day where there is more than one."""
    size = count
    while (
        0 < size < len(chosen.hours) and chosen.hours[size].time.date() == chosen.hours[size - 1].time.date()
    ):
        size -= 1
    return size or count


def _most(count: int, fits: Callable[[int], bool]) -> int:
    low, high = 1, max(count, 1)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def _is_short(text: str, value: BaseModel) -> bool:
    structured = json.dumps(value.model_dump(mode="json", exclude_none=True), ensure_ascii=False)
    return len(text) + len(structured) <= _LONGEST
