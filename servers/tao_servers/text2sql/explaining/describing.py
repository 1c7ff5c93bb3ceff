"""The answer as a sentence or two, made of the rows and of what the statement says about itself."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tao_prompts.language import Language
from tao_servers.text2sql.explaining.phrases import fill, listed
from tao_servers.text2sql.explaining.reading import Told
from tao_servers.text2sql.limits import Cell, Rows
from tao_servers.text2sql.one_line import one_line
from tao_servers.text2sql.schema import Family, Schema, Table

if TYPE_CHECKING:
    from tao_servers.text2sql.explaining.parts import Parts

__all__ = ["answer_sentence", "cell_text", "families_of", "headings"]

_LONGEST = 800
_LONGEST_CELL = 80
_LONGEST_LABEL = 100
_MOST_NAMED = 10


def answer_sentence(sql: str, rows: Rows, schema: Schema, language: Language) -> str:
    """What the rows of a statement say, in words; no more than they do.

    What is counted, filtered on, grouped by and ordered by is named as the statement has it: by comments in
    the language, else by names. Values are those of the rows, without units.
    """
    return one_line(_Answer(sql, rows, schema, language).told(), _LONGEST)


def headings(sql: str, rows: Rows, schema: Schema, language: Language) -> list[str]:
    """What each column of a result is called in words: `number of orders` for COUNT(*)."""
    return _Answer(sql, rows, schema, language).labels


def families_of(sql: str, rows: Rows, schema: Schema) -> dict[str, Family]:
    """What kind of values the columns of a result have, by their names, as far as the schema tells."""
    parts = _parts_of(sql, schema)
    if parts is None or len(parts.outputs) != len(rows.columns):
        return {}
    found = {name: parts.family(one) for name, one in zip(rows.columns, parts.outputs, strict=True)}
    return {name: family for name, family in found.items() if family != "other"}


def cell_text(cell: Cell, longest: int = _LONGEST_CELL) -> str:
    """A value as people write it."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        # Fractions end in noise such as .30000000000000004.
        return f"{cell:.0f}" if cell.is_integer() and abs(cell) < 1e15 else f"{cell:.15g}"
    return "NULL" if cell is None else one_line(str(cell), longest)


class _Answer:
    def __init__(self, sql: str, rows: Rows, schema: Schema, language: Language) -> None:
        self._rows, self._schema, self._language = rows, schema, language
        self._told = Told(schema, language)
        self._parts = _parts_of(sql, schema)
        self.labels = self._named()

    def told(self) -> str:
        rows = self._rows.rows
        if not rows:
            return self._closed(self._said("nothing"), hint=self._has_filters)
        is_listed = self._parts is not None and not self._parts.is_grouped
        if len(rows) == 1 and not is_listed and all(cell is None for cell in rows[0]):
            return self._closed(self._said("null only"), hint=self._has_filters)
        if len(rows) == 1:
            is_nothing = self._counts_only and rows[0][0] == 0
            return self._closed(self._one(rows[0]), hint=is_nothing and self._has_filters)
        if len(self.labels) == 1:
            return self._closed(self._list())
        if len(self.labels) == 2 and len(rows) <= _MOST_NAMED and not self._rows.more:
            return self._closed(self._pairs(), grouped=False)
        return self._closed(self._said("table", n=self._count(), x=self._columns()), grouped=False)

    @property
    def _has_filters(self) -> bool:
        return self._parts is not None and bool(self._parts.filters)

    @property
    def _counts_only(self) -> bool:
        from sqlglot import exp

        outputs = self._parts.outputs if self._parts is not None else []
        return len(outputs) == 1 and isinstance(outputs[0], exp.Count)

    def _one(self, row: Sequence[Cell]) -> str:
        pairs = [
            self._said("value", x=label, value=cell_text(cell))
            for label, cell in zip(self.labels, row, strict=False)
        ]
        return self._joined(pairs[:_MOST_NAMED]) + (self._separator + "…" if len(pairs) > _MOST_NAMED else "")

    def _list(self) -> str:
        shown = [cell_text(row[0]) for row in self._rows.rows[:_MOST_NAMED]]
        text = ("、" if self._language == "zh" else ", ").join(shown)
        if len(self._rows.rows) > len(shown) or self._rows.more:
            text += "……" if self._language == "zh" else ", …"
        return self._said("values", x=self.labels[0], n=self._count(), value=text)

    def _pairs(self) -> str:
        opening, closing = "（）" if self._language == "zh" else ("(", ")")
        shown = [
            f"{cell_text(row[0])}{' ' if self._language == 'en' else ''}{opening}{cell_text(row[1])}{closing}"
            for row in self._rows.rows
        ]
        text = ("、" if self._language == "zh" else ", ").join(shown)
        return self._said("pairs", n=self._count(), x=self._columns(), value=text)

    def _columns(self) -> str:
        """The columns of a table: what was computed for each of what it is grouped by."""
        parts = self._parts
        if parts is None or not parts.groups or len(parts.outputs) != len(self.labels):
            return listed(self._language, self.labels)
        pairs = list(zip(self.labels, parts.outputs, strict=True))
        measures = [label for label, output in pairs if parts.is_aggregate(output)]
        if not measures:
            return listed(self._language, self.labels)
        keys = self._told.words(parts).values(parts.groups)
        return self._said("for each", x=listed(self._language, measures), keys=keys)

    def _count(self) -> str:
        count = len(self._rows.rows)
        return self._said("over", n=count) if self._rows.more else str(count)

    def _closed(self, text: str, *, grouped: bool = True, hint: bool = False) -> str:
        """The sentence with what it was found by, and where nothing was found what to look at."""
        qualities = []
        if self._parts is not None:
            per = "grouped" if grouped else ""
            qualities = self._told.qualities(self._parts, where="filtered", per=per)
        is_zh = self._language == "zh"
        if qualities:
            inner = ("；" if is_zh else "; ").join(qualities)
            text += f"（{inner}）" if is_zh else f" ({inner})"
        end = "。" if is_zh else "" if text.endswith("…") else "."
        text = f"{text if is_zh else text[:1].upper() + text[1:]}{end}"
        if hint:
            known = self._said("known values")
            text += f"{known}。" if is_zh else f" {known[:1].upper()}{known[1:]}."
        return text

    def _named(self) -> list[str]:
        """What each column of the result is called."""
        parts = self._parts
        if parts is not None and len(parts.outputs) == len(self._rows.columns):
            words = self._told.words(parts)
            if not any(one.is_star for one in parts.outputs):
                return [
                    one_line(words.label(one, name), _LONGEST_LABEL)
                    for one, name in zip(parts.outputs, self._rows.columns, strict=True)
                ]
        return [self._by_name(name) for name in self._rows.columns]

    def _by_name(self, name: str) -> str:
        from tao_servers.text2sql.explaining.words import called

        sources = list(self._parts.sources.values()) if self._parts is not None else []
        for source in sources:
            column = source.column(name) if isinstance(source, Table) else None
            if column is not None:
                return called(column, self._language)
        return one_line(name, _LONGEST_LABEL)

    @property
    def _separator(self) -> str:
        return "；" if self._language == "zh" else "; "

    def _joined(self, texts: Sequence[str]) -> str:
        return self._separator.join(texts)

    def _said(self, phrase: str, **values: object) -> str:
        return fill(self._language, phrase, **values)


def _parts_of(sql: str, schema: Schema) -> "Parts | None":
    from sqlglot import exp

    from tao_servers.text2sql.explaining.parts import Parts, query_of

    tree = query_of(sql, schema.dialect)
    return Parts(tree, schema) if isinstance(tree, exp.Select) else None
