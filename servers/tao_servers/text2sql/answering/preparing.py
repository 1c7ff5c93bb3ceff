"""Gathers what a model needs for a question. Blocks."""

import datetime
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from tao.models.texts import estimate_tokens
from tao_prompts import language_of
from tao_servers.text2sql.answering.illustrating import illustrations
from tao_servers.text2sql.answering.options import Options
from tao_servers.text2sql.answering.task import Task
from tao_servers.text2sql.examples import Example, ExampleStore
from tao_servers.text2sql.linking import Link, with_likely_references
from tao_servers.text2sql.rendering import render
from tao_servers.text2sql.schema import Samples, Schema, Table
from tao_servers.text2sql.source import Source
from tao_servers.text2sql.stopping import Stop

__all__ = ["prepared"]

_LONGEST_QUESTION = 2_000
_LONGEST_NOTES = 4_000
# A schema up to this size is shown whole, which an endpoint then has in its cache for every question.
_WHOLE_TABLES = 30
_WHOLE_TOKENS = 2_000
_MOST_TOKENS = 2_500
_MOST_TABLES = 8
# For reading example values, which are kept.
_MOST_SECONDS = 10.0
_DAY = re.compile(r"\d{4}[-/]\d{1,2}([-/]\d{1,2})?\b")


def prepared(
    source: Source,
    question: str,
    stop: Stop,
    *,
    options: Options,
    notes: str = "",
    as_of: datetime.date | None = None,
    examples: ExampleStore | None = None,
) -> Task:
    """The task for a question.

    Raises:
        Text2sqlError: the database cannot be read.
    """
    question = " ".join(question.split())[:_LONGEST_QUESTION]
    schema, language = with_likely_references(source.schema(stop)), language_of(question)
    link = source.linker(stop, values=True).link(question, most_tables=_MOST_TABLES, as_of=as_of)
    shown, tables, samples = _shown(source, schema, link, stop)
    return Task(
        question=question,
        language=language,
        schema=schema,
        link=link,
        shown=shown,
        has_times=_has_times(tables, samples),
        illustrations=illustrations(schema, tables, samples, language) if options.illustrations else (),
        examples=_examples(source, question, schema, options, examples),
        notes=notes.strip()[:_LONGEST_NOTES],
        as_of=as_of,
    )


def _shown(
    source: Source, schema: Schema, link: Link, stop: Stop
) -> tuple[str, Sequence[Table], dict[str, dict[str, Samples]]]:
    if len(schema.tables) <= _WHOLE_TABLES and estimate_tokens(render(schema)) <= _WHOLE_TOKENS:
        samples = _samples(source, schema.tables, stop)
        text = render(schema, samples=samples)
        if estimate_tokens(text) <= _WHOLE_TOKENS:
            return text, schema.tables, samples
    # In the order of the schema, so that the same tables are the same text.
    names = {table.full_name: place for place, table in enumerate(schema.tables)}
    tables = sorted(_with_references(link.tables, schema), key=lambda table: names.get(table.full_name, 0))
    samples = _samples(source, tables, stop)
    return render(schema, tables, samples=samples, most_tokens=_MOST_TOKENS), tables, samples


def _with_references(tables: Sequence[Table], schema: Schema) -> Iterator[Table]:
    """The tables, which may lack columns, with the references that they have in the schema."""
    for table in tables:
        whole = schema.table(table.full_name) or table
        yield replace(table, columns=tuple(whole.column(one.name) or one for one in table.columns))


def _has_times(tables: Sequence[Table], samples: Mapping[str, Mapping[str, Samples]]) -> bool:
    return any(
        column.family == "time" or _looks_like_days(samples.get(table.full_name, {}).get(column.name))
        for table in tables
        for column in table.columns
    )


def _looks_like_days(samples: Samples | None) -> bool:
    return samples is not None and any(_DAY.match(value) for value in samples.values)


def _samples(source: Source, tables: Sequence[Table], stop: Stop) -> dict[str, dict[str, Samples]]:
    # A wide table may have lost columns for this question, but not for the next one.
    schema = source.schema(stop)
    samples: dict[str, dict[str, Samples]] = {}
    end = time.monotonic() + _MOST_SECONDS
    for table in tables:
        # Those that are left out this time are read for the next question.
        if time.monotonic() < end:
            whole = schema.table(table.full_name) or table
            samples[table.full_name] = dict(source.samples(whole, stop))
    return samples


def _examples(
    source: Source, question: str, schema: Schema, options: Options, store: ExampleStore | None
) -> tuple[Example, ...]:
    if store is None or not options.examples:
        return ()
    database = source.database
    found = store.nearest(database.name, question, options.examples, schema, functions=database.functions)
    return tuple(found)
