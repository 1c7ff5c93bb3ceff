"""Where the texts of a statement stand that found nothing: most often in another column."""

import re
from collections.abc import Iterator

from tao_servers.text2sql.limits import Rows
from tao_servers.text2sql.one_line import one_line
from tao_servers.text2sql.schema import Schema
from tao_servers.text2sql.source import Source
from tao_servers.text2sql.stopping import Stop

__all__ = ["where_texts_stand"]

_TEXT = re.compile(r"'((?:[^']|''){2,60})'")
_MOST_TEXTS = 3
_MOST_PLACES = 2
_SURE = 0.7
_LONGEST = 60
# A hint is not worth reading a large database through.
_MOST_ROWS = 200_000
_MOST_COLUMNS = 200


def where_texts_stand(source: Source, sql: str, rows: Rows, stop: Stop) -> list[str]:
    """Notes such as "'金卡' stands in customers.level", for a small database and a result without values."""
    # A count of nothing is 0, a sum of nothing NULL.
    if len(rows.rows) > 1 or any(cell not in {None, 0} for row in rows.rows for cell in row):
        return []
    texts = dict.fromkeys(found.replace("''", "'").strip("%") for found in _TEXT.findall(sql))
    if not texts or not _is_small(source.schema(stop)):
        return []
    return [note for text in list(texts)[:_MOST_TEXTS] for note in _places(source, text, sql, stop)]


def _places(source: Source, text: str, sql: str, stop: Stop) -> Iterator[str]:
    found = source.values(stop).search(text, 5)
    # What is like it says nothing once the very text was found.
    sure = [match for match in found if match.score >= 1] or [m for m in found if m.score >= _SURE]
    if any(match.value == text and match.column.lower() in sql.lower() for match in sure):
        # It was looked for where it stands: that nothing is there has another reason.
        return
    for match in sure[:_MOST_PLACES]:
        value, place = (
            one_line(match.value, _LONGEST),
            one_line(f"{match.table}.{match.column}", 2 * _LONGEST),
        )
        yield f"{value!r} stands in {place}: filter on that column and run it again."


def _is_small(schema: Schema) -> bool:
    rows = [table.rows for table in schema.tables]
    columns = sum(len(table.columns) for table in schema.tables)
    return columns <= _MOST_COLUMNS and None not in rows and sum(row or 0 for row in rows) <= _MOST_ROWS
