"""What linking found in a question, in words for a prompt."""

import datetime
from collections import defaultdict
from collections.abc import Iterator

from tao_servers.text2sql.answering.tallies import tallies
from tao_servers.text2sql.answering.task import Task
from tao_servers.text2sql.identifiers import identifier
from tao_servers.text2sql.linking import DateMatch, ValueMatch, find_dates
from tao_servers.text2sql.one_line import can_be_shown, one_line
from tao_servers.text2sql.schema import Table

__all__ = ["hints"]

_SURE = 0.85
_SAME = 0.95
_MOST_VALUES = 4
_MOST_PLACES = 2
# A word that stands in many columns says little.
_TOO_MANY_PLACES = 3
_LONGEST = 300
_DAY = datetime.timedelta(days=1)


def hints(task: Task) -> list[str]:
    """Where the values that the question names stand, what its numbers and days are, and what it counts."""
    found = [*_values(task), *_numbers(task), *_dates(task), *_tallies(task)]
    if task.as_of is not None and task.link.dates:
        day = task.as_of.isoformat()
        found.append(f"今天是 {day}" if task.language == "zh" else f"today is {day}")
    return found


def _values(task: Task) -> Iterator[str]:
    by_words: dict[str, list[ValueMatch]] = defaultdict(list)
    for match in task.link.values:
        # Texts that are written in the question as they stand in the table need no hint to be copied.
        shown = all(map(can_be_shown, (match.value, match.table, match.column)))
        plain = shown and "\\" not in match.value
        if plain and match.score >= (_SAME if match.value == match.words else _SURE):
            by_words[match.words].append(match)
    joiner = " 或 " if task.language == "zh" else " or "
    few = [(words, matches) for words, matches in by_words.items() if len(matches) <= _TOO_MANY_PLACES]
    for words, matches in few[:_MOST_VALUES]:
        places = dict.fromkeys(_place(match, task) for match in matches)
        yield f"{words}: {joiner.join(list(places)[:_MOST_PLACES])}"[:_LONGEST]


def _place(match: ValueMatch, task: Task) -> str:
    value = match.value.replace("'", "''")
    return f"{_column(task.schema.table(match.table) or match.table, match.column, task)} = '{value}'"


def _column(table: Table | str, column: str, task: Task) -> str:
    parts = [table] if isinstance(table, str) else [table.schema, table.name]
    return ".".join(identifier(part, task.schema.dialect) for part in [*parts, column] if part)


def _numbers(task: Task) -> Iterator[str]:
    for number in task.link.numbers:
        plain = f"{number.value:.15g}" if isinstance(number.value, float) else str(number.value)
        if abs(number.value) >= 1000 or isinstance(number.value, float):
            yield one_line(f"{number.words} = {plain}", _LONGEST)


def _dates(task: Task) -> Iterator[str]:
    plain = {date.words for date in find_dates(task.question)}
    for date in task.link.dates:
        # Those that are the same whatever day it is, a model reads by itself.
        if date.words not in plain:
            yield f"{date.words} {_days(date)}"


def _tallies(task: Task) -> Iterator[str]:
    """A small model counts rows unless it is told that each stands for several things."""
    for table, column in tallies(task.question, task.link.tables):
        place = _column(table, column.name, task)
        if not can_be_shown(place):
            continue
        rest = "是每一行的次数" if task.language == "zh" else "is how many each row stands for"
        yield one_line(f"{place} {rest}: SUM({place})", _LONGEST)


def _days(date: DateMatch) -> str:
    """As a condition that holds for days and for points in time."""
    first = f">= '{date.first}'" if date.first is not None else ""
    last = f"< '{date.last + _DAY}'" if date.last is not None and date.last < datetime.date.max else ""
    return " AND ".join(filter(None, (first, last)))
