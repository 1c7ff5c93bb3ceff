"""Takes a statement through the steps, reading it anew after each that changed something.

This module imports sqlglot: load it when the first statement comes.
"""

from collections.abc import Callable

from tao_servers.text2sql.mending.arms import own_arms
from tao_servers.text2sql.mending.brackets import balanced
from tao_servers.text2sql.mending.columns import real_columns
from tao_servers.text2sql.mending.conditions import keyed_conditions
from tao_servers.text2sql.mending.edits import Edit, applied
from tao_servers.text2sql.mending.glued import apart
from tao_servers.text2sql.mending.likeness import Near
from tao_servers.text2sql.mending.ordering import ordered_arms
from tao_servers.text2sql.mending.parsed import Parsed, read
from tao_servers.text2sql.mending.pieces import Known
from tao_servers.text2sql.mending.prose import without_prose
from tao_servers.text2sql.mending.quotes import own_quotes
from tao_servers.text2sql.mending.signs import plain_signs
from tao_servers.text2sql.mending.tables import real_tables
from tao_servers.text2sql.schema import Dialect, Schema

__all__ = ["mended"]

_LONGEST = 20_000
# A column can be seen to after its table was joined, and an ambiguity that this made after that.
_ROUNDS = 5

_ON_TEXT: tuple[tuple[str, str, Callable[[str, Dialect, Known], str]], ...] = (
    (
        "prose",
        "took the statement out of the text around it",
        lambda text, dialect, _: without_prose(text, dialect),
    ),
    ("signs", "wrote ASCII signs", plain_signs),
    ("glued keywords", "put spaces round keywords", apart),
    ("quotes", "quoted names as the database does", own_quotes),
    ("brackets", "balanced the brackets", lambda text, dialect, _: balanced(text, dialect)),
)
_ON_TREE: tuple[tuple[str, int, Callable[[Parsed, Near | None], list[Edit]]], ...] = (
    ("ordered arms", 1, ordered_arms),
    ("tables", 1, real_tables),
    ("conditions", 1, keyed_conditions),
    ("columns", _ROUNDS, real_columns),
)


def mended(sql: str, schema: Schema, near: Near | None, steps: frozenset[str]) -> tuple[str, list[str]]:
    """The statement after the steps, and what they did; after the first alone when it cannot be read."""
    if len(sql) > _LONGEST:
        return sql, []
    alone = sql, list[str]()
    try:
        alone = _as_text(sql, schema, steps & {"prose"})
        text, notes = _as_text(sql, schema, steps)
        parsed = read(text, schema)
        return alone if parsed is None else _as_tree(text, parsed, near, steps, notes)
    except RecursionError:
        return alone


def _as_text(sql: str, schema: Schema, steps: frozenset[str]) -> tuple[str, list[str]]:
    text, notes = sql, []
    known = Known(schema, sql)
    for name, note, step in _ON_TEXT:
        changed = step(text, schema.dialect, known) if name in steps else text
        if changed != text:
            text = changed
            notes.append(note)
    if "arms" in steps:
        text, further = applied(text, own_arms(text, schema.dialect))
        notes += further
    return text, notes


def _as_tree(
    text: str, parsed: Parsed, near: Near | None, steps: frozenset[str], notes: list[str]
) -> tuple[str, list[str]]:
    for name, rounds, step in _ON_TREE:
        for _ in range(rounds if name in steps else 0):
            edits = step(parsed, near)
            changed, further = applied(parsed.text, edits)
            again = read(changed, parsed.schema) if edits else None
            if again is None:
                break
            text, parsed = changed, again
            notes += further
    return text, list(dict.fromkeys(notes))
