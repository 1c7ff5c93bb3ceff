"""What a reader must know of an answer: its age, who gave it, what is missing."""

import datetime
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from tao_prompts import Language
from tao_servers.weather.answering.wording import date_text, say, span_text

if TYPE_CHECKING:
    from tao_servers.weather.sources import Answer

__all__ = ["age_text", "missing_note", "notes_of"]

_DAY = datetime.timedelta(days=1)
# These say that a source was never meant to answer, which is no news.
_NO_NEWS = frozenset({"no key", "out of range"})


def notes_of(answer: "Answer", language: Language) -> list[str]:
    """The age of an old value, or which source failed before the one that answered."""
    # Imported here: the sources are not needed to list the tools.
    from tao_servers.weather.sources.failures import failure_text
    from tao_servers.weather.sources.source import SourceError

    failures = [
        failure_text(name, SourceError(failure), language)
        for name, failure in answer.tried
        if answer.stale_seconds is not None or failure not in _NO_NEWS
    ]
    why = say("joined", language).join(failures)
    if answer.stale_seconds is not None:
        return [
            say("stale", language, age_text(answer.stale_seconds, language), why or say("no newer", language))
        ]
    return [say("other source", language, answer.report.source, why)] if failures else []


def age_text(seconds: int, language: Language) -> str:
    """An age in minutes, hours or days."""
    for size, zh, en in ((86_400, "天", "day"), (3_600, "小时", "hour"), (60, "分钟", "minute")):
        count = seconds // size
        if count or size == 60:
            return f"{count} {zh}" if language == "zh" else f"{count} {en}{'' if count == 1 else 's'}"
    raise AssertionError("the last size always fits")


def missing_note(phrase: str, days: Iterable[datetime.date], source: str, language: Language) -> list[str]:
    """That these days have no data; days that follow each other are told as one span."""
    spans: list[list[datetime.date]] = []
    for day in sorted(days):
        if spans and day - spans[-1][-1] == _DAY:
            spans[-1].append(day)
        else:
            spans.append([day])
    if not spans:
        return []
    said = ("、" if language == "zh" else ", ").join(_span(span, language) for span in spans)
    return [say(phrase, language, said, source)]


def _span(days: Sequence[datetime.date], language: Language) -> str:
    return date_text(days[0], language) if len(days) == 1 else span_text(days[0], days[-1], language)
