"""Examples that a schema makes by itself: usual questions about its own tables, with their SQL.

A small model copies the names and joins that it sees. Examples on other tables it copies as well, tables and
all; these it may.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import Template

from tao_prompts import Language, sections
from tao_servers.text2sql.answering.subjects import Join, Pair, Subject, joins, pairs, subjects
from tao_servers.text2sql.examples.example import Example
from tao_servers.text2sql.identifiers import identifier
from tao_servers.text2sql.one_line import one_line
from tao_servers.text2sql.schema import Column, Dialect, Samples, Schema, Table

__all__ = ["illustrations"]

_LONGEST = 60


@dataclass(frozen=True, slots=True)
class _Writing:
    """How names are written in the SQL, and said in the question."""

    dialect: Dialect
    language: Language

    def table(self, slot: str, table: Table) -> dict[str, str]:
        parts = [table.schema, table.name] if table.schema else [table.name]
        written = ".".join(identifier(part, self.dialect) for part in parts)
        return {slot: written, f"{slot}_said": self._said(table.name, table.comment)}

    def column(self, slot: str, column: Column | None) -> dict[str, str]:
        if column is None:
            return {}
        written = identifier(column.name, self.dialect)
        return {slot: written, f"{slot}_said": self._said(column.name, column.comment)}

    def value(self, slot: str, value: str) -> dict[str, str]:
        quoted = value.replace("'", "''")
        return {slot: f"'{quoted}'", f"{slot}_said": value}

    def _said(self, name: str, comment: str | None) -> str:
        if comment and len(comment) <= _LONGEST and self.language == "zh" and name.isascii():
            return one_line(comment, _LONGEST)
        return name


def illustrations(
    schema: Schema,
    tables: Sequence[Table],
    samples: Mapping[str, Mapping[str, Samples]],
    language: Language,
) -> tuple[Example, ...]:
    """One example for each usual kind of question that these tables allow; the same for the same tables.

    `samples` are by a table's full name and a column's name.
    """
    writing = _Writing(schema.dialect, language)
    joined = joins(tables, samples)
    slots = {
        "single": [_of_subject(subject, writing) for subject in subjects(tables, samples)],
        "joined": [_of_join(join, writing) for join in joined],
        "twice": [_of_pair(pair, writing) for pair in pairs(joined)],
    }
    return tuple(_examples(sections("text2sql/illustrations", language), slots))


def _examples(
    templates: Mapping[str, Template], slots: Mapping[str, Sequence[dict[str, str]]]
) -> Iterator[Example]:
    turns = dict.fromkeys(slots, 0)
    for template in templates.values():
        wanted = set(template.get_identifiers())
        kind = "twice" if "other" in wanted else "joined" if "child" in wanted else "single"
        fitting = [choice for choice in slots[kind] if wanted <= set(choice)]
        if not fitting:
            continue
        # Each takes the next table, so that the examples show as much of the schema as they can.
        chosen = fitting[turns[kind] % len(fitting)]
        turns[kind] += 1
        question, _, sql = template.substitute(chosen).partition("\n")
        yield Example(question, sql.strip())


def _of_subject(subject: Subject, writing: _Writing) -> dict[str, str]:
    slots = writing.table("table", subject.table) | writing.column("label", subject.label)
    slots |= writing.column("category", subject.category)
    for slot, number in zip(("number", "number2"), subject.numbers, strict=False):
        slots |= writing.column(slot, number)
    slots |= writing.column("more", subject.category or (subject.numbers[1:] or (None,))[0])
    for slot, value in zip(("value", "value2"), subject.values, strict=False):
        slots |= writing.value(slot, value)
    for slot, kind in zip(("kind", "kind2"), subject.kinds, strict=False):
        slots |= writing.value(slot, kind)
    return slots


def _of_join(join: Join, writing: _Writing) -> dict[str, str]:
    slots = writing.table("child", join.child.table) | writing.table("parent", join.parent.table)
    slots |= writing.column("key", join.key) | writing.column("parent_key", join.parent_key)
    slots |= writing.column("parent_label", join.parent.label)
    slots |= writing.column("parent_more", join.parent.category or (join.parent.numbers or (None,))[0])
    return slots | writing.column("child_number", (join.child.numbers or (join.child.category,))[0])


def _of_pair(pair: Pair, writing: _Writing) -> dict[str, str]:
    other = pair.other
    slots = _of_join(pair.one, writing) | writing.table("other", other.parent.table)
    slots |= writing.column("key2", other.key) | writing.column("other_key", other.parent_key)
    return slots | writing.column("other_label", other.parent.label)
