"""Which documents a search is limited to: typed conditions on what is known of them.

    {"created": {"range": ["2024-01", None]}, "tag": {"in": ["财务", "HR"]}, "title": {"contains": "年报"}}

The fields are source (the path or the file name), title, author, language, the dates created, modified and
added, the numbers bytes and characters, `tag` for any tag, and each tag by its own name.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from pydantic import WithJsonSchema

from tao_servers.knowledge.index.values import folded
from tao_servers.knowledge.retrieving.conditions import (
    ANY_TAG,
    FIELDS,
    OPERATIONS,
    Condition,
    Scalar,
    WhereError,
    condition,
    field_named,
)

__all__ = ["Where", "WhereConditions", "WhereError", "nothing_because", "parse_where"]

_MOST_CONDITIONS, _MOST_VALUES = 20, 100
_LONGEST_VALUE, _LONGEST_NAME = 200, 64
_SHOWN = 60
_TOO_LARGE = 1e300
_EXAMPLE = '{"created": {"range": ["2024-01-01", null]}}'

WhereConditions = Annotated[
    dict[str, Any] | None,
    WithJsonSchema(
        {
            "type": "object",
            "description": 'Only documents with e.g. {"created": {"range": ["2024-01", null]}, '
            '"tag": {"in": ["HR"]}, "title": {"contains": "年报"}, "language": "zh"}',
        }
    ),
]
"""The parameter of a tool that `parse_where` reads, as `where: WhereConditions = None`."""


@dataclass(frozen=True, slots=True)
class Where:
    """Conditions that all hold, in SQL over the columns of the catalogue's table `documents`.

    `Catalogue.documents_where` knows the functions in it. `names` are the fields that it is about.
    """

    sql: str
    values: tuple[str | float, ...]
    names: tuple[str, ...] = ()


def parse_where(conditions: Mapping[str, Any]) -> Where:
    """Check conditions, by field, and put them into SQL; without any, every document is meant.

    A condition is a value (equal), a list (one of them), or an object of operations: `eq`, `in`, `range`
    ([from, to], both included, None is open) and `contains`. Case and width do not matter. A date is
    compared by its first day; a year or a month in a condition has all its days. The text of a tag is read
    as a number (`1,200`, `99元`) or a date (`2024年5月`) where the condition is one. None is no condition.

    Raises:
        WhereError: a condition cannot be meant.
    """
    if not isinstance(conditions, Mapping):
        raise WhereError(f"where is an object of conditions by field, such as {_EXAMPLE}.")
    made: list[Condition] = []
    names: dict[str, None] = {}
    for name, operation, operands in _conditions(conditions):
        if len(made) == _MOST_CONDITIONS:
            raise WhereError(f"There are more than {_MOST_CONDITIONS} conditions. Leave some out.")
        made.append(condition(field_named(name), operation, operands))
        names[name] = None
    values = tuple(value for one in made for value in one.values)
    return Where(" AND ".join(one.sql for one in made) or "1", values, tuple(names))


def nothing_because(where: Where, known: Mapping[str, Sequence[str]]) -> str:
    """What to tell when no document satisfies `where`: what `Fields.known` says could be asked for."""
    own = {folded(name): name for name in (*FIELDS, *ANY_TAG, *known)}
    hints = []
    for name in where.names:
        if folded(name) not in own:
            near = difflib.get_close_matches(folded(name) or "", [key for key in own if key], n=1)
            guess = f" Did you mean {own[near[0]]!r}?" if near else ""
            hints.append(f"No document has a tag {name!r}.{guess}")
    shown = [f"{name} ({', '.join(some)})" if some else name for name, some in known.items()]
    others = [name for name in FIELDS if name not in known]
    return " ".join(["No document satisfies `where`.", *hints, f"There are: {', '.join([*shown, *others])}."])


def _conditions(conditions: Mapping[Any, Any]) -> Iterator[tuple[str, str, list[Scalar | None]]]:
    """Each field with an operation and its operands."""
    for name, given in conditions.items():
        if not isinstance(name, str) or not name.strip() or len(name) > _LONGEST_NAME:
            raise WhereError(f"{_shown(name)} is no name of a field. Write one, such as {_EXAMPLE}.")
        if given is None:
            continue
        if not isinstance(given, Mapping):
            given = {"in" if isinstance(given, list | tuple) else "eq": given}
        if not given:
            raise WhereError(f"The condition on {name!r} is empty. Write one, such as {_EXAMPLE}.")
        for operation, operand in given.items():
            known = str(operation).removeprefix("$")
            if known not in OPERATIONS:
                raise WhereError(
                    f"Unknown operation {_shown(operation)} for {name!r}. Use one of "
                    f"{', '.join(OPERATIONS)}, such as {_EXAMPLE}."
                )
            yield name, known, _operands(name, known, operand)


def _operands(name: str, operation: str, operand: object) -> list[Scalar | None]:
    if operation in ("eq", "contains"):
        return [_scalar(name, operand)]
    if not isinstance(operand, list | tuple):
        form = "[from, to]" if operation == "range" else "a list of values"
        raise WhereError(f"{operation!r} for {name!r} needs {form}, not {_shown(operand)}.")
    if operation == "in":
        if not 1 <= len(operand) <= _MOST_VALUES:
            raise WhereError(f"'in' for {name!r} needs 1 to {_MOST_VALUES} values, and has {len(operand)}.")
        return [_scalar(name, value) for value in operand]
    if len(operand) != 2:
        raise WhereError(
            f"'range' for {name!r} needs [from, to], null where it is open, not {len(operand)} values."
        )
    # TOML has no null.
    return [None if value is None or value == "" else _scalar(name, value) for value in operand]


def _scalar(name: str, value: object) -> Scalar:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        if not abs(value) < _TOO_LARGE:
            raise WhereError(f"The number for {name!r} is too large, or none.")
        return value
    text = value.isoformat() if isinstance(value, date) else value
    if not isinstance(text, str):
        raise WhereError(f"{name!r} is compared with texts and numbers, not with {_shown(value)}.")
    if not folded(text):
        raise WhereError(f"A text for {name!r} is empty. Write what is meant, or leave it out.")
    if len(text) > _LONGEST_VALUE:
        raise WhereError(
            f"A value for {name!r} has {len(text)} characters, and the most are {_LONGEST_VALUE}. "
            "Use contains with a part of it."
        )
    return text


def _shown(value: object) -> str:
    if not isinstance(value, str | int | float):
        return {dict: "an object", list: "a list", type(None): "null"}.get(type(value), type(value).__name__)
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
