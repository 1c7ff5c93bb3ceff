"""References that nobody declared: columns whose names tell which table's key they hold.

Files, warehouses and views often declare none, and a model that is shown none joins at random.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from tao_servers.text2sql.schema import Column, Schema, Table

__all__ = ["with_likely_references"]

_KEY = re.compile(r"(?:uuid|id|code|key|no|name|编号|编码|代码|名称?)$")
_SEPARATORS = re.compile(r"[\W_]+")
_WORD = re.compile(r"(?<=[a-z\d])(?=[A-Z])")
# In bytes. A shorter name may end another by chance, as `id` does `paid` and `artid` does `cartid`; and
# what stands before it is a word of more than two letters, or of one Chinese character.
_SHORTEST_KEY = 6
_SHORTEST_WORD = 3
_FEWEST_COLUMNS = 3


@dataclass(frozen=True, slots=True)
class _Key:
    """The column that tells the rows of a table apart, and how columns are called that hold it.

    Such a name is the `stem` of the table's own (`customer`), or ends in it after other words
    (`from_airport`), or is `whole`, or ends in that anyhow (`citingpaperid`).
    """

    table: Table
    column: Column
    stem: str
    whole: str | None

    @property
    def is_named_after_its_table(self) -> bool:
        return self.whole is not None and self.whole.startswith(self.stem)

    def is_told_by(self, name: str, ending: str, is_parted: bool) -> bool:
        """Whether a name that ends so tells of this key; `is_parted`: a word begins where the ending does."""
        if not is_parted:
            before = len(name.encode()) - len(ending.encode())
            is_long = len(ending.encode()) >= _SHORTEST_KEY and before >= _SHORTEST_WORD
            return ending == self.whole and is_long
        # A number that is named after a table and something else may be anything: `ground_fare`.
        is_enough = ending == self.whole or ending == name or self.column.family != "number"
        return is_enough


@lru_cache(maxsize=16)
def with_likely_references(schema: Schema) -> Schema:
    """The schema, with a reference at each column whose name tells of the key of one other table.

    Tables that declare references are left as they are.
    """
    bare = _Bare(schema)
    by_name: dict[str, list[_Key]] = defaultdict(list)
    for table in schema.tables:
        key = None if table.is_view else _key(table, bare)
        if key is not None:
            for name in {key.stem, key.whole or key.stem}:
                by_name[name].append(key)
    tables = tuple(_referring(table, by_name, bare) for table in schema.tables)
    return replace(schema, tables=tables)


class _Bare:
    """The words of columns' names, without what all names of the schema, or of the table, begin with."""

    def __init__(self, schema: Schema) -> None:
        names = [column.name for table in schema.tables for column in table.columns]
        self._skipped = len(_common(names)) if len(schema.tables) > 1 else 0
        self._own = {one.full_name: _common([column.name for column in one.columns]) for one in schema.tables}

    def words(self, table: Table, column: Column) -> list[str]:
        own = self._own[table.full_name]
        # What the names of a table share ends where a word ends: o_orderkey, o_custkey.
        skipped = len(own) if own.endswith("_") else self._skipped
        return _words(column.name[skipped:])

    def shared(self, table: Table) -> int:
        """How many letters all names of the table begin with, of those that are left."""
        own = self._own[table.full_name]
        return 0 if own.endswith("_") else len("".join(_words(own[self._skipped :])))


def _common(names: Collection[str]) -> str:
    """What all names begin with; of a few names that is chance."""
    if len(names) < _FEWEST_COLUMNS:
        return ""
    least, greatest = min(map(str.lower, names)), max(map(str.lower, names))
    differing = (
        place for place, (one, other) in enumerate(zip(least, greatest, strict=False)) if one != other
    )
    return least[: next(differing, len(least))]


def _words(name: str) -> list[str]:
    parted = _WORD.sub(" ", name)
    return [word.lower() for word in _SEPARATORS.split(parted) if word]


def _stem(table: Table) -> str:
    """The table's name as one word in the singular."""
    name = "".join(_words(table.name))
    for plural, singular in (("ies", "y"), ("sses", "ss"), ("s", "")):
        if name.endswith(plural) and not name.endswith("ss") and len(name) > len(plural) + 2:
            return name.removesuffix(plural) + singular
    return name


def _key(table: Table, bare: _Bare) -> _Key | None:
    stem = _stem(table)
    primary = [column for column in table.columns if column.primary_key]
    if len(primary) > 1:
        return None
    column = primary[0] if primary else _own(table, stem, bare)
    if column is None:
        return None
    name = "".join(bare.words(table, column))
    suffix = _KEY.search(name)
    whole = (stem + name if name == suffix[0] else name) if suffix else None
    return _Key(table, column, stem, whole)


def _own(table: Table, stem: str, bare: _Bare) -> Column | None:
    """The first column that is called as a key of this table would be."""
    for column in table.columns:
        name = "".join(bare.words(table, column))
        suffix = _KEY.search(name)
        if suffix and (name == suffix[0] != "name" or name.startswith(stem)):
            return column
    return None


def _referring(table: Table, keys: Mapping[str, Sequence[_Key]], bare: _Bare) -> Table:
    if any(column.references for column in table.columns):
        return table
    own = _key(table, bare)
    name = own.column.name if own and own.is_named_after_its_table else None
    columns = (
        column if column.name == name else _told(table, column, keys, bare) for column in table.columns
    )
    return replace(table, columns=tuple(columns))


def _told(table: Table, column: Column, keys: Mapping[str, Sequence[_Key]], bare: _Bare) -> Column:
    """The column, with the reference that its name tells of, if to one table alone."""
    words = bare.words(table, column)
    found = [key for key in _keys(words, bare.shared(table), keys) if key.table is not table]
    if len(found) != 1 or found[0].column.family != column.family:
        return column
    return replace(column, references=f"{found[0].table.full_name}.{found[0].column.name}")


def _keys(words: Sequence[str], shared: int, keys: Mapping[str, Sequence[_Key]]) -> list[_Key]:
    """The keys that a name tells of, those of its longest ending; a word begins after `shared` letters."""
    name = "".join(words)
    parted = {shared, *(len("".join(words[:place])) for place in range(len(words)))}
    for start in range(len(name)):
        ending = name[start:]
        found = [key for key in keys.get(ending, ()) if key.is_told_by(name, ending, start in parted)]
        if found:
            return found
    return []
