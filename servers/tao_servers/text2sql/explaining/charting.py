"""A chart of a result, as a Vega-Lite specification, where there is something to see."""

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tao_prompts.language import Language
from tao_servers.text2sql.explaining.chart_columns import Charted, charted
from tao_servers.text2sql.explaining.chart_times import Unit
from tao_servers.text2sql.limits import Rows
from tao_servers.text2sql.one_line import one_line
from tao_servers.text2sql.schema import Family

__all__ = ["chart"]

_SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
_LONGEST = 4_000
_LONGEST_TITLE = 100
_MOST_VALUES = 200
_MOST_LABELS = 30
_MOST_SERIES = 8
_MOST_MEASURES = 4
_FEWEST_POINTS = 5
_FEWEST_LEFT = 5
# Measures that differ more have no axis in common: the smaller would not be seen.
_MOST_TIMES_AS_LARGE = 20
# In columns, of which a Chinese character takes two: beyond these, labels are read better beside bars.
_WIDE_LABEL, _WIDE_LABELS, _MANY_BARS = 12, 64, 8
_WIDTH = 480

# All in UTC: a date without a clock is read so, and a viewer west of Greenwich would see the day before.
_TIMES: dict[Unit, dict[str, Any]] = {
    "year": {"type": "temporal", "timeUnit": "utcyear", "axis": {"format": "%Y"}},
    "quarter": {"type": "temporal", "timeUnit": "utcyearquarter", "axis": {"format": "%YQ%q"}},
    "month": {"type": "temporal", "timeUnit": "utcyearmonth", "axis": {"format": "%Y-%m"}},
    "day": {"type": "temporal", "timeUnit": "utcyearmonthdate", "axis": {"format": "%Y-%m-%d"}},
    "second": {"type": "temporal", "scale": {"type": "utc"}},
    "month of year": {"type": "ordinal", "axis": {"labelAngle": 0}},
    "quarter of year": {"type": "ordinal", "axis": {"labelAngle": 0}},
}
_FIRST: dict[Language, str] = {"zh": "只画出前 {count} 项", "en": "Only the first {count}"}
_LAST: dict[Language, str] = {
    "zh": "只画出最后 {count} 个时间点",
    "en": "Only the last {count} points in time",
}


@dataclass(frozen=True, slots=True)
class _Plan:
    """What to draw: for each place on the first axis, in order, its values."""

    mark: Literal["bar", "line", "point"]
    x: Charted
    measures: list[Charted]
    series: Charted | None = None


def chart(
    rows: Rows,
    schema_types: Mapping[str, Family] | None = None,
    *,
    title: str,
    language: Language,
    headings: Sequence[str] = (),
) -> dict[str, Any] | None:
    """A Vega-Lite 5 specification with its data inside, at most 4,000 characters as JSON; None: not worth it.

    `schema_types` are the kinds of the result's columns by their names, where they are known. A result that
    was cut is not drawn. The fields are called x, y and series, whatever the columns are called, since dots
    and brackets in a field's name mean something there; the titles are the `headings` of the columns, else
    their names.
    """
    if rows.more or not 2 <= len(rows.rows) <= _MOST_VALUES:
        return None
    plan = _plan(charted(rows, schema_types or {}, language, headings))
    if plan is None:
        return None
    points = _points(plan)
    places = list(dict.fromkeys(point["x"] for point in points))
    if len(places) < 2 or len(points) > _MOST_VALUES:
        return None
    return _fitting(plan, points, places, one_line(title, _LONGEST_TITLE), language)


def _plan(columns: Sequence[Charted]) -> _Plan | None:
    times = [column for column in columns if column.part == "time"]
    labels = [column for column in columns if column.part == "label"]
    measures = [column for column in columns if column.part == "number" and column.distinct]
    ids = [column for column in columns if column.part == "id"]
    if not measures:
        return None
    if times:
        return _over_time(times, labels, measures)
    if labels or ids:
        return _by_label(labels or ids[:1], measures)
    if len(measures) == 2 and len(measures[0].values) >= _FEWEST_POINTS:
        return _Plan("point", measures[0], measures[1:])
    return None


def _over_time(times: Sequence[Charted], labels: Sequence[Charted], measures: list[Charted]) -> _Plan | None:
    parts = [column for column in times if column.unit in {"month of year", "quarter of year"}]
    years = [column for column in times if column.unit == "year"]
    x, split = times[0], list(labels)
    if len(times) == 2 and parts and years:
        # The same months of several years, one line a year.
        x, split = parts[0], [*years, *labels]
    elif len(times) > 1:
        return None
    if not split:
        # Several values at a time are no line.
        if x.is_unique:
            return _Plan("line", x, _comparable(measures))
        return _Plan("point", x, measures[:1]) if len(x.values) >= _FEWEST_POINTS else None
    series = split[0]
    if len(split) > 1 or series.distinct > _MOST_SERIES or not _are_unique(x, series):
        return None
    return _Plan("line", x, measures[:1], series)


def _by_label(labels: Sequence[Charted], measures: list[Charted]) -> _Plan | None:
    if len(labels) > 2:
        return None
    whole = next((column for column in labels if column.is_unique), None)
    if whole is not None:
        return _Plan("bar", whole, _comparable(measures)) if whole.distinct <= _MOST_LABELS else None
    if len(labels) < 2 or not _are_unique(*labels):
        return None
    x, series = sorted(labels, key=lambda column: -column.distinct)
    if series.distinct > _MOST_SERIES or x.distinct > _MOST_LABELS:
        return None
    return _Plan("bar", x, measures[:1], series)


def _are_unique(x: Charted, series: Charted) -> bool:
    pairs = list(zip(x.values, series.values, strict=True))
    return len(set(pairs)) == len(pairs)


def _comparable(measures: list[Charted]) -> list[Charted]:
    """The first, and those that can be told from 0 beside it."""
    sizes = [max(abs(float(value)) for value in one.values if value is not None) for one in measures]
    first = sizes[0]
    fit = [
        one
        for one, size in zip(measures, sizes, strict=True)
        if size == first or min(size, first) * _MOST_TIMES_AS_LARGE >= max(size, first)
    ]
    return fit[:_MOST_MEASURES]


def _points(plan: _Plan) -> list[dict[str, Any]]:
    points = []
    for place, x in enumerate(plan.x.values):
        for measure in plan.measures:
            y = measure.values[place]
            if x is None or y is None:
                continue
            point: dict[str, Any] = {"x": x, "y": y}
            if plan.series is not None:
                point["series"] = plan.series.values[place]
            elif len(plan.measures) > 1:
                point["series"] = measure.title
            points.append(point)
    # As the rows are, but a time goes on as times do.
    return sorted(points, key=lambda point: point["x"]) if plan.x.part == "time" else points


def _fitting(
    plan: _Plan, points: list[dict[str, Any]], places: list[Any], title: str, language: Language
) -> dict[str, Any] | None:
    """All of it, or as many places as there is room for: the first, and of times the last."""
    count = len(places)
    while True:
        kept = set(places[-count:] if plan.x.part == "time" else places[:count])
        spec = _spec(plan, [point for point in points if point["x"] in kept], title)
        if count < len(places):
            words = _LAST if plan.x.part == "time" else _FIRST
            spec["title"] = {"text": title, "subtitle": words[language].format(count=count)}
        if len(json.dumps(spec, ensure_ascii=False)) <= _LONGEST:
            return spec
        count = count * 9 // 10
        # Points that are left out would change the picture, bars and the beginning of a line do not.
        if plan.mark == "point" or count < _FEWEST_LEFT:
            return None


def _spec(plan: _Plan, points: list[dict[str, Any]], title: str) -> dict[str, Any]:
    x = {"field": "x", "title": plan.x.title, **_first_axis(plan)}
    y = _number(plan.measures[0].title if len(plan.measures) == 1 else None)
    if plan.mark == "point":
        y["scale"] = {"zero": False}
    is_lying = plan.mark == "bar" and _needs_room(points)
    if plan.mark == "bar":
        x["axis"] = {"labelLimit": 260} if is_lying else {"labelAngle": 0}
    encoding = {"x": y, "y": x} if is_lying else {"x": x, "y": y}
    if any("series" in point for point in points):
        # In the order of the rows, as the bars are.
        series = {"field": "series", "type": "nominal", "sort": None}
        encoding["color"] = {**series, "title": plan.series.title if plan.series else None}
        if plan.mark == "bar":
            encoding["yOffset" if is_lying else "xOffset"] = series
    mark: dict[str, Any] = {"type": plan.mark, "tooltip": True}
    if plan.mark == "line":
        mark["point"] = True
    return {
        "$schema": _SCHEMA,
        "title": title,
        "width": _WIDTH,
        "data": {"values": points},
        "mark": mark,
        "encoding": encoding,
    }


def _first_axis(plan: _Plan) -> dict[str, Any]:
    if plan.x.unit is not None:
        return dict(_TIMES[plan.x.unit])
    if plan.mark == "point":
        return {"type": "quantitative", "scale": {"zero": False}}
    return {"type": "nominal", "sort": None}


def _number(title: str | None) -> dict[str, Any]:
    return {"field": "y", "type": "quantitative", "title": title}


def _needs_room(points: Sequence[dict[str, Any]]) -> bool:
    widths = [_columns(str(label)) for label in dict.fromkeys(point["x"] for point in points)]
    return max(widths) > _WIDE_LABEL or sum(widths) > _WIDE_LABELS or len(widths) > _MANY_BARS


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
