"""The way in: a statement goes through named steps; sqlglot is loaded by the first one."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from tao_servers.text2sql.errors import SetupError
from tao_servers.text2sql.schema import Schema

__all__ = ["STEPS", "Mended", "mend"]

# First what can be told from the text alone, then what needs the statement read.
STEPS = (
    "prose",
    "signs",
    "glued keywords",
    "quotes",
    "brackets",
    "arms",
    "ordered arms",
    "tables",
    "conditions",
    "columns",
)


@dataclass(frozen=True, slots=True)
class Mended:
    """A statement whose names are real as far as it could be told; `mends` says what was changed."""

    sql: str
    mends: tuple[str, ...] = ()


def mend(
    sql: str,
    schema: Schema,
    *,
    near: Callable[[str, Sequence[str]], Sequence[float]] | None = None,
    steps: Collection[str] = STEPS,
) -> Mended:
    """The statement with its names as the schema has them, unchanged where it needs nothing.

    `near` gives the likeness in meaning of a name to each of some others, -1 to 1. What cannot be read comes
    back as it was but for the text around it, and a name that is like none or like several as it was.

    Raises:
        SetupError: the parser is not installed.
    """
    try:
        from tao_servers.text2sql.mending import mending
    except ModuleNotFoundError as exc:
        raise SetupError("To mend SQL: pip install 'tao-agent[text2sql]'") from exc
    text, notes = mending.mended(sql, schema, near, frozenset(steps))
    return Mended(text, tuple(notes))
