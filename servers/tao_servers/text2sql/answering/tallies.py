"""Tables whose rows stand for several things each, and say for how many."""

import re
from collections.abc import Iterator, Sequence

from tao_servers.chinese import name_key
from tao_servers.text2sql.linking.words import singular
from tao_servers.text2sql.schema import Column, Table

__all__ = ["tallies"]

_TALLY = frozenset(("cnt", "count", "counts", "次数", "计数"))
_COUNTS = re.compile(r"\b(?:how many|number|count|counts|total)\b|多少|几|数|总|共", re.IGNORECASE)


def tallies(question: str, tables: Sequence[Table]) -> Iterator[tuple[Table, Column]]:
    """The tables that a question wants counted and that have one column with a count, with that column."""
    asked = name_key(question) if _COUNTS.search(question) else ""
    for table in tables:
        name = name_key(singular(table.name.lower()))
        columns = [one for one in table.columns if one.family == "number" and name_key(one.name) in _TALLY]
        # A name of one character stands in many words.
        if len(name) > 1 and name in asked and len(columns) == 1:
            yield table, columns[0]
