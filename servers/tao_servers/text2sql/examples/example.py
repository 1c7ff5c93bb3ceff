"""A question with the SQL that is known to answer it."""

from dataclasses import dataclass

__all__ = ["Example"]


@dataclass(frozen=True, slots=True)
class Example:
    """A verified pair; `sql` is in the dialect of its database."""

    question: str
    sql: str
