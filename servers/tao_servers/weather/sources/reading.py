"""Replies read into forms, and the values that providers write each in their own way."""

import datetime
import re
from collections.abc import Iterable
from typing import Annotated, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

from tao_servers.weather.sources.source import Reply, Source, SourceError, Span, Spot
from tao_servers.weather.values import Report

__all__ = [
    "Amount",
    "Celsius",
    "Degrees",
    "Form",
    "Moment",
    "Number",
    "Percent",
    "Text",
    "coordinate",
    "plain",
    "read",
    "reject_past",
    "report",
    "scaled",
    "status_of",
]

_Form = TypeVar("_Form", bound="Form")
_STATUS = re.compile(r"\d{3}\b")


def _nothing(value: object) -> object:
    # QWeather writes an unknown value as "", and AMap as [].
    return None if value in ("", []) else value


def _sane(value: datetime.datetime) -> datetime.datetime:
    # Nearer to the ends of the calendar, a change of the time zone overflows.
    if not 1900 <= value.year <= 2200:
        raise ValueError("the year is out of range")
    return value


# Numbers, or their decimal digits. Beyond these bounds, a value is a mark for "missing" or a mistake.
Number = Annotated[Annotated[float, Field(ge=-1e6, le=1e6)] | None, BeforeValidator(_nothing)]
Celsius = Annotated[Annotated[float, Field(ge=-110, le=70)] | None, BeforeValidator(_nothing)]
Percent = Annotated[Annotated[float, Field(ge=0, le=100)] | None, BeforeValidator(_nothing)]
Degrees = Annotated[Annotated[float, Field(ge=0, le=360)] | None, BeforeValidator(_nothing)]
Amount = Annotated[Annotated[float, Field(ge=0, le=1e4)] | None, BeforeValidator(_nothing)]

Text = Annotated[str | None, BeforeValidator(_nothing)]

Moment = Annotated[AwareDatetime, AfterValidator(_sane)]


class Form(BaseModel):
    """What is read of a reply; whatever else it holds is passed over."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)


def read(form: type[_Form], reply: Reply) -> _Form:
    """Read a reply.

    Raises:
        SourceError: `unreadable`, with what is wrong and where.
    """
    try:
        return form.model_validate_json(reply.body)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part)[:40] for part in first["loc"])
        raise SourceError("unreadable", f"{where}: {first['msg']}" if where else first["msg"]) from exc


def report(source: Source, spot: Spot, replies: Iterable[Reply]) -> Report:
    """A report without content, as old as the oldest reply, and good until the first one expires."""
    known = tuple(replies)
    return Report(
        source=source.name,
        attribution=source.attribution,
        time_zone=spot.time_zone,
        fetched=min(reply.fetched for reply in known),
        expires=min(reply.expires for reply in known),
    )


def reject_past(span: Span, reach: int) -> None:
    """Refuse days of which a source that reaches `reach` days, today among them, has none.

    Raises:
        SourceError: `out of range`.
    """
    if span.last < span.today:
        raise SourceError("out of range", "it has no past days")
    if span.first >= span.today + datetime.timedelta(days=reach):
        raise SourceError("out of range", f"it forecasts {reach} days, today among them")


def status_of(error: SourceError) -> str:
    """The HTTP status that an error came from, such as `404`, or ''."""
    found = _STATUS.match(error.detail)
    return found[0] if found else ""


def coordinate(degrees: float, decimals: int) -> str:
    """Degrees without trailing zeros, and never `-0`."""
    return f"{round(degrees, decimals) + 0.0:.{decimals}f}".rstrip("0").rstrip(".")


def scaled(value: float | None, factor: float) -> float | None:
    """A value in another unit, to the hundredth."""
    return None if value is None else round(value * factor, 2)


def plain(text: str | None, length: int) -> str:
    """The text on one line, without control characters, at most `length` characters long."""
    line = " ".join("".join(c if c.isprintable() else " " for c in (text or "")[: 4 * length]).split())
    return line if len(line) <= length else line[: length - 1] + "…"
