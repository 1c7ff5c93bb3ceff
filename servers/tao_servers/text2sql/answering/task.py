"""What a model is asked: a question, and what of a database it needs."""

import datetime
from dataclasses import dataclass

from tao_prompts.language import Language
from tao_servers.text2sql.examples.example import Example
from tao_servers.text2sql.linking import Link
from tao_servers.text2sql.schema import Schema

__all__ = ["Task"]


@dataclass(frozen=True, slots=True)
class Task:
    """A question about one database.

    `shown` is the part of `schema` that a prompt shows, as text, and `link` what of it the question names.
    `illustrations` are examples that the schema makes by itself, `examples` verified ones that are like the
    question. `has_times` tells whether columns of it hold days or points in time.
    `notes` are the caller's own words on how terms are meant. `as_of` is the day that 上个月
    counts from.
    """

    question: str
    language: Language
    schema: Schema
    link: Link
    shown: str
    has_times: bool = False
    illustrations: tuple[Example, ...] = ()
    examples: tuple[Example, ...] = ()
    notes: str = ""
    as_of: datetime.date | None = None
