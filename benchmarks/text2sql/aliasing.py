"""Short ASCII names for those that are not ASCII: in the prompt for a model, and back in what it wrote.

All names are renamed one to one, wherever they stand, so that a statement means the same under both. That
is done over its words and not over its tree: it is as right for a statement that cannot be parsed yet.
"""

import datetime
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from benchmarks.text2sql.sql_words import FUNCTIONS, KEYWORDS, SUBQUERY_NAMES
from tao.models.loading import load
from tao_servers.text2sql.answering.task import Task
from tao_servers.text2sql.examples.example import Example
from tao_servers.text2sql.identifiers import identifier
from tao_servers.text2sql.linking import Link, Linker
from tao_servers.text2sql.mending.pieces import Piece, cut, joined
from tao_servers.text2sql.mending.prose import without_prose
from tao_servers.text2sql.schema import Column, Samples, Schema, Table
from tao_servers.text2sql.source import Source
from tao_servers.text2sql.stopping import Stop

__all__ = ["AliasedSource", "Aliases", "ascii_name"]

_HAN_OR_WORD = re.compile(r"[\u3400-\u9fff]+|[A-Za-z0-9_]+")
_WHOLE_SYLLABLES = 4
_LONGEST = 24
# What statements call their own tables, so that no column should be called so.
_TABLE_ALIAS = re.compile(r"[a-z]?\d{0,2}")
_IN_QUOTES = {"double", "backtick", "bracket"}


def ascii_name(name: str) -> str:
    """A name of ASCII letters, digits and `_`, or empty: pinyin, of more than four syllables the initials.

    Raises:
        MissingExtra: pypinyin is not installed.
    """
    lazy_pinyin = load("pypinyin", extra="gazetteer").lazy_pinyin
    words = []
    for part in _HAN_OR_WORD.findall(name):
        syllables = [one.lower() for one in lazy_pinyin(part, errors="ignore")]
        if part.isascii():
            words.append(part.lower().strip("_"))
        elif len(syllables) <= _WHOLE_SYLLABLES:
            words.append("".join(syllables))
        else:
            words.append("".join(one[:1] for one in syllables))
    text = "_".join(word for word in words if word)[:_LONGEST]
    return f"n{text}" if text[:1].isdigit() else text


@dataclass(frozen=True)
class Aliases:
    """The names of a `schema` that are not ASCII, and what a model is told instead.

    `to_ascii` is by the real name and `to_real` by the other one, both in lower case; `renamed` is the
    schema with the ASCII names, the real ones as comments.
    """

    schema: Schema
    renamed: Schema
    to_ascii: Mapping[str, str]
    to_real: Mapping[str, str]

    @classmethod
    def of(cls, schema: Schema) -> "Aliases":
        """The same for the same schema."""
        names = list(dict.fromkeys(_names(schema)))
        taken = {name.lower() for name in names} | KEYWORDS | FUNCTIONS | SUBQUERY_NAMES
        to_ascii: dict[str, str] = {}
        for name in names:
            if not name.isascii() and name.lower() not in to_ascii:
                chosen = _free(ascii_name(name) or "n", taken, schema)
                taken.add(chosen)
                to_ascii[name.lower()] = chosen
        to_real = {to_ascii[name.lower()]: name for name in reversed(names) if name.lower() in to_ascii}
        tables = tuple(_renamed(table, to_ascii) for table in schema.tables)
        return cls(schema, replace(schema, tables=tables), to_ascii, to_real)

    def in_ascii(self, sql: str) -> str:
        """A statement with the ASCII names; texts in single quotes stay."""
        return self._exchanged(sql, self.to_ascii)

    def in_real(self, sql: str) -> str:
        """A statement with the names of the database, of which some may be there already."""
        return self._exchanged(sql, self.to_real)

    def read(self, reply: str) -> str:
        """The statement of a reply with the names of the database."""
        # The signs of a fence are those that a name may stand in.
        return self.in_real(without_prose(reply, self.schema.dialect))

    def told(self, task: Task, shown: str) -> Task:
        """A task in ASCII names; `shown` is the part of the renamed schema that the prompt shows."""
        return replace(
            task,
            schema=self.renamed,
            link=self.linked(task.link),
            shown=shown,
            illustrations=self._told(task.illustrations),
            examples=self._told(task.examples),
        )

    def linked(self, link: Link) -> Link:
        """What a question names, in ASCII names."""
        tables = tuple(_renamed(table, self.to_ascii) for table in link.tables)
        values = tuple(
            replace(one, table=_dotted(one.table, self.to_ascii), column=_other(one.column, self.to_ascii))
            for one in link.values
        )
        return replace(link, tables=tables, values=values)

    def _told(self, examples: Sequence[Example]) -> tuple[Example, ...]:
        return tuple(replace(one, sql=self.in_ascii(one.sql)) for one in examples)

    def _exchanged(self, sql: str, names: Mapping[str, str]) -> str:
        dialect = self.schema.dialect
        odd = [name for name in names if not name.isidentifier()]

        def other(piece: Piece) -> str:
            inner = piece.inner if piece.kind in _IN_QUOTES else piece.text
            found = names.get(inner.lower()) if piece.kind in _IN_QUOTES | {"word", "odd"} else None
            return piece.text if found is None else identifier(found, dialect)

        return joined(cut(sql, dialect, odd), other)


class AliasedSource(Source):
    """A database as it looks with the ASCII names; statements go to the database itself."""

    def __init__(self, source: Source, aliases: Aliases) -> None:
        super().__init__(source.database)
        self._real = source
        self._aliases = aliases

    def schema(self, stop: Stop | None = None, *, fresh: bool = False) -> Schema:
        """What may be read, renamed."""
        return self._aliases.renamed

    def samples(self, table: Table, stop: Stop) -> Mapping[str, Samples]:
        """Example values by the ASCII names of the columns."""
        names = self._aliases.to_real
        real = self._aliases.schema.table(_dotted(table.full_name, names))
        found = self._real.samples(real, stop) if real else {}
        return {_other(name, self._aliases.to_ascii): values for name, values in found.items()}

    def linker(self, stop: Stop, *, values: bool = False) -> Linker:
        """The linker of the real names, whose findings are renamed."""
        return _RenamingLinker(self._real.linker(stop, values=values), self._aliases)


class _RenamingLinker(Linker):
    def __init__(self, real: Linker, aliases: Aliases) -> None:
        self._real = real
        self._aliases = aliases

    def link(
        self,
        question: str,
        *,
        most_tables: int = 8,
        most_columns: int | None = None,
        as_of: datetime.date | None = None,
        closed: bool = True,
    ) -> Link:
        found = self._real.link(
            question, most_tables=most_tables, most_columns=most_columns, as_of=as_of, closed=closed
        )
        return self._aliases.linked(found)


def _names(schema: Schema) -> Iterator[str]:
    for table in schema.tables:
        yield table.name
        yield from (column.name for column in table.columns)


def _free(name: str, taken: Collection[str], schema: Schema) -> str:
    number, free = 1, name
    while free in taken or _TABLE_ALIAS.fullmatch(free) or identifier(free, schema.dialect) != free:
        number += 1
        free = f"{name}_{number}"
    return free


def _renamed(table: Table, names: Mapping[str, str]) -> Table:
    columns = tuple(_renamed_column(column, names) for column in table.columns)
    name = _other(table.name, names)
    return replace(table, name=name, columns=columns, comment=_comment(table.name, name, table.comment))


def _renamed_column(column: Column, names: Mapping[str, str]) -> Column:
    name = _other(column.name, names)
    references = column.references and _dotted(column.references, names)
    comment = _comment(column.name, name, column.comment)
    return replace(column, name=name, references=references, comment=comment)


def _comment(real: str, name: str, comment: str | None) -> str | None:
    if name == real:
        return comment
    return f"{real}: {comment}" if comment else real


def _other(name: str, names: Mapping[str, str]) -> str:
    return names.get(name.lower(), name)


def _dotted(name: str, names: Mapping[str, str]) -> str:
    """A name after a table's or a schema's, each of them renamed."""
    if name.lower() in names:
        return names[name.lower()]
    parts: Sequence[str] = name.split(".")
    return ".".join(_other(part, names) for part in parts)
