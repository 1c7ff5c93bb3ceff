"""What is known of documents besides their text: chosen by conditions, listed, and read as dates."""

import sqlite3
from collections.abc import Sequence

from tao_servers.knowledge.index import values

__all__ = ["DAYS", "SUMMARY", "Fields"]

DAYS = {
    "created": "first_day(created)",
    "modified": "first_day(modified)",
    "added": "local_day(added)",
}
"""The fields that are dates: how SQL reads each as a day."""

SUMMARY = "summary"
"""The attribute that enrichment writes, which is no tag."""

_VALUES, _VALUE_CHARS = 3, 40
_EACH = "FROM documents, json_each(documents.attributes) AS field, json_each(field.value) AS item "
_LIVE = "documents.state = 'live'"


class Fields:
    """A view of a catalogue; its calls block.

    From then on the connection knows the functions of conditions: folded, number, first_day, local_day and
    file_name.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        functions = (values.folded, values.number, values.first_day, values.local_day, values.file_name)
        for function in functions:
            connection.create_function(function.__name__, 1, function, deterministic=True)

    def documents(self, sql: str, bound: Sequence[str | float]) -> list[int]:
        """The ids of the live documents that satisfy a condition on the table `documents`, ascending."""
        rows = self._connection.execute(
            f"SELECT id FROM documents WHERE {_LIVE} AND ({sql}) ORDER BY id", tuple(bound)
        )
        return [row[0] for row in rows]

    def days(self, field: str, documents: Sequence[int]) -> dict[int, str]:
        """The days that a date field, or an attribute, has for these documents; of several the latest."""
        marks = ", ".join("?" for _ in documents)
        if field in DAYS:
            sql = f"SELECT id, {DAYS[field]} AS day FROM documents WHERE id IN ({marks})"
            rows = self._connection.execute(sql, tuple(documents))
        else:
            sql = (
                f"SELECT documents.id, max(first_day(item.value)) AS day {_EACH} "
                f"WHERE documents.id IN ({marks}) AND folded(field.key) = ? GROUP BY documents.id"
            )
            rows = self._connection.execute(sql, (*documents, values.folded(field)))
        return {id_: day for id_, day in rows if day is not None}

    def known(self, limit: int = 20) -> dict[str, list[str]]:
        """The fields that live documents have: languages, the first and last of dates, attributes.

        Of attributes there are the `limit` most frequent, each with some of its values.
        """
        found = {"language": self._texts(f"SELECT language FROM documents WHERE {_LIVE} GROUP BY language")}
        for field, day in DAYS.items():
            row = self._connection.execute(f"SELECT min({day}), max({day}) FROM documents WHERE {_LIVE}")
            found[field] = [day for day in dict.fromkeys(row.fetchone()) if day]
        names = self._connection.execute(
            f"SELECT field.key {_EACH} WHERE {_LIVE} GROUP BY field.key "
            "ORDER BY count(*) DESC, field.key LIMIT ?",
            (limit,),
        )
        for (name,) in names.fetchall():
            sql = (
                f"SELECT item.value {_EACH} WHERE {_LIVE} AND field.key = ? GROUP BY item.value "
                "ORDER BY count(*) DESC, item.value LIMIT ?"
            )
            found.setdefault(name, [] if name == SUMMARY else self._texts(sql, name, _VALUES))
        return {name: some for name, some in found.items() if some or name not in ("language", *DAYS)}

    def _texts(self, sql: str, *bound: str | int) -> list[str]:
        texts = (str(row[0]) for row in self._connection.execute(sql, bound))
        return [text if len(text) <= _VALUE_CHARS else f"{text[:_VALUE_CHARS]}…" for text in texts if text]
