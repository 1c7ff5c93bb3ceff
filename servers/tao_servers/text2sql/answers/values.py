"""Where in the database some text stands."""

from collections.abc import Iterator, Sequence

from pydantic import BaseModel, Field

from tao_servers.text2sql.answers.fitting import cut, first_short
from tao_servers.text2sql.one_line import one_line

__all__ = ["FoundValue", "ValueList", "listed_values"]


class FoundValue(BaseModel):
    """A value as it is stored, and where."""

    value: str
    table: str
    column: str
    score: float = Field(description="1 for the very text, less for what is only like it")


class ValueList(BaseModel):
    """Values that match a text, the closest first."""

    values: list[FoundValue]
    note: str | None = None


def listed_values(found: Sequence[FoundValue], sought: str) -> tuple[str, ValueList]:
    """The values, as many as there is room for."""
    return first_short(_forms(found, sought))


def _forms(found: Sequence[FoundValue], sought: str) -> Iterator[tuple[str, ValueList]]:
    shown = len(found)
    while True:
        values = list(found[:shown])
        note = None if found else f"Nothing like {cut(sought, 60)!r} was found; try a shorter part of it."
        lines = [
            one_line(f"{v.table}.{v.column}: {v.value}{'' if v.score >= 1 else ' (similar)'}") for v in values
        ]
        yield "\n".join([*lines, note] if note else lines), ValueList(values=values, note=note)
        if not shown:
            return
        shown = shown * 2 // 3
