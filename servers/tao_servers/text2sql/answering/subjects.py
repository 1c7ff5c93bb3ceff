"""What the tables of a schema are about: which column names a thing, which sorts it, which measures it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tao_servers.text2sql.one_line import can_be_shown
from tao_servers.text2sql.schema import Column, Samples, Table

__all__ = ["Join", "Pair", "Subject", "joins", "pairs", "subjects"]

_LABEL = re.compile(r"名称|姓名|名字|标题|题目|名$|\bname$|_name$|name$|title$", re.IGNORECASE)
_ID = re.compile(r"(?:^|_|\b)(?:id|code|no|uuid|key)$|[a-z]I[Dd]$|id$|编号$|代码$|编码$|号码$", re.ASCII)
# Such as 827万人 in a column of numbers, as SQLite lets it stand there.
_NUMBER = re.compile(r"-?\d")
_NO_WORD = re.compile(r"[\d\s:.,/+%TZeE年月日-]+")
_LONGEST_VALUE = 24
_LONGEST_LABEL = 60
_LONGEST_NAME = 80
_MOST_SUBJECTS = 12


@dataclass(frozen=True, slots=True)
class Subject:
    """A table with the columns that questions are usually about.

    `values` are two of its label, `kinds` two of its category.
    """

    table: Table
    label: Column | None
    category: Column | None
    numbers: tuple[Column, ...]
    values: tuple[str, ...]
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Join:
    """A table whose column `key` refers to `parent_key` of another."""

    child: Subject
    key: Column
    parent: Subject
    parent_key: Column


@dataclass(frozen=True, slots=True)
class Pair:
    """Two joins of one table, with two different ones."""

    one: Join
    other: Join


def subjects(tables: Sequence[Table], samples: Mapping[str, Mapping[str, Samples]]) -> list[Subject]:
    """The tables that have something to name a thing by, in their order; at most twelve."""
    tables, referred = _printable(tables), _referred(tables)
    found = (_subject(table, samples.get(table.full_name, {}), referred) for table in tables)
    return [subject for subject in found if subject.label is not None][:_MOST_SUBJECTS]


def joins(tables: Sequence[Table], samples: Mapping[str, Mapping[str, Samples]]) -> list[Join]:
    """The foreign keys between the tables, in the order of the tables that have them; at most twelve."""
    return list(_joins(tables, samples))[:_MOST_SUBJECTS]


def pairs(found: Sequence[Join]) -> list[Pair]:
    """The tables that belong to two others, a pair for each such table."""
    firsts: dict[str, Join] = {}
    seconds: dict[str, Pair] = {}
    for join in found:
        name = join.child.table.full_name
        first = firsts.setdefault(name, join)
        if first.parent.table.full_name != join.parent.table.full_name:
            seconds.setdefault(name, Pair(first, join))
    return list(seconds.values())


def _joins(tables: Sequence[Table], samples: Mapping[str, Mapping[str, Samples]]) -> Iterator[Join]:
    tables, referred = _printable(tables), _referred(tables)
    by_name = {table.full_name.lower(): table for table in tables}
    for table in tables:
        for column in table.columns:
            name, _, key = (column.references or "").rpartition(".")
            parent = by_name.get(name.lower())
            target = parent.column(key) if parent else None
            if parent is None or target is None or parent is table:
                continue
            ends = [_subject(one, samples.get(one.full_name, {}), referred) for one in (table, parent)]
            if ends[1].label is not None:
                yield Join(ends[0], column, ends[1], target)


def _printable(tables: Sequence[Table]) -> list[Table]:
    """The tables and columns whose names stand on one line, and on no long one."""
    return [
        replace(table, columns=tuple(c for c in table.columns if _is_shown(c.name)))
        for table in tables
        if _is_shown(table.full_name)
    ]


def _is_shown(name: str) -> bool:
    return len(name) <= _LONGEST_NAME and can_be_shown(name)


def _referred(tables: Sequence[Table]) -> frozenset[str]:
    return frozenset(c.references.lower() for table in tables for c in table.columns if c.references)


def _subject(table: Table, samples: Mapping[str, Samples], referred: frozenset[str]) -> Subject:
    plain = [c for c in table.columns if not _is_id(table, c, referred)]
    numbers = [c for c in plain if c.family == "number" and _is_number(samples.get(c.name))]
    texts = [c for c in table.columns if c.family in {"text", "other"}]
    labels = [c for c in texts if _LABEL.search(c.name) and _is_word(samples.get(c.name), _LONGEST_LABEL)]
    texts = [c for c in texts if c in plain and _is_word(samples.get(c.name), _LONGEST_VALUE)]
    # A name of the table's own goes before that of the town that it is in.
    label = next((c for c in labels if _is_own(c, table)), next((c for c in labels if c in plain), None))
    label = label or next((c for c in texts if not _repeats(table, samples.get(c.name))), None)
    others = [c for c in texts if c is not label]
    category = next((c for c in others if _repeats(table, samples.get(c.name))), None)
    chosen = category or next(iter(others), None)
    values, kinds = _two(label, samples), _two(chosen, samples)
    return Subject(table, label, chosen, tuple(numbers), values, kinds)


def _two(column: Column | None, samples: Mapping[str, Samples]) -> tuple[str, ...]:
    known = samples.get(column.name) if column else None
    values = known.values if known else ()
    # A backslash ends a text in some databases.
    return tuple(v for v in values if can_be_shown(v) and not {"…", "\\"} & set(v))[:2]


def _is_id(table: Table, column: Column, referred: frozenset[str]) -> bool:
    return (
        column.primary_key
        or column.references is not None
        or f"{table.full_name}.{column.name}".lower() in referred
        or _ID.search(column.name) is not None
    )


def _is_number(samples: Samples | None) -> bool:
    return samples is None or not samples.values or _NUMBER.match(samples.values[0]) is not None


def _is_own(column: Column, table: Table) -> bool:
    return column.references is None and column.name.lower().startswith(table.name.lower().rstrip("s"))


def _is_word(samples: Samples | None, longest: int) -> bool:
    if samples is None or not samples.values:
        return True
    return all(len(value) <= longest and not _NO_WORD.fullmatch(value) for value in samples.values)


def _repeats(table: Table, samples: Samples | None) -> bool:
    """Whether the column has few values for the rows there are."""
    return samples is not None and samples.complete and len(samples.values) < (table.rows or 0)
