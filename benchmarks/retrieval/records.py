"""Which record of a corpus a passage is from, by its line."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["Corpus", "without"]

_WORD_CHARS = 12


class Corpus:
    """The records of a file of JSON lines, by the line of each."""

    def __init__(self, data: bytes) -> None:
        lines = enumerate(data.decode("utf-8").split("\n"), start=1)
        rows = {number: json.loads(line) for number, line in lines if line.strip()}
        self.data = data
        self.texts = {str(row["_id"]): _whole(row) for row in rows.values()}
        self._ids = {number: str(row["_id"]) for number, row in rows.items()}
        self._squeezed = {id_: "".join(text.split()) for id_, text in self.texts.items()}

    def record(self, line: int) -> str:
        """The id of the record in that line."""
        return self._ids[line]

    def agrees(self, passage: Mapping[str, Any]) -> bool:
        """Whether words of a passage stand in the record that its line names."""
        lines = ("".join(line.strip("…").split()) for line in passage["text"].splitlines())
        longest = max(lines, key=len, default="")
        return longest[:_WORD_CHARS] in self._squeezed[self.record(passage["line"])]

    def ranked(self, passages: Sequence[Mapping[str, Any]]) -> list[str]:
        """The records that passages are from, each at its best rank."""
        return list(dict.fromkeys(self.record(passage["line"]) for passage in passages))


def without(data: bytes, ids: set[str]) -> bytes:
    """A corpus less some of its records."""
    lines = [line for line in data.decode("utf-8").split("\n") if line.strip()]
    kept = [line for line in lines if str(json.loads(line)["_id"]) not in ids]
    return ("\n".join(kept) + "\n").encode()


def _whole(row: Mapping[str, Any]) -> str:
    return "\n".join(filter(None, (row.get("title"), row["text"])))
