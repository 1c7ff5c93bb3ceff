"""Single conditions on a document's fields, as SQL with bound values: nothing of a user is in its text."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from tao_servers.knowledge.index.fields import DAYS, SUMMARY
from tao_servers.knowledge.index.values import days, folded, number

__all__ = [
    "ANY_TAG",
    "FIELDS",
    "OPERATIONS",
    "Condition",
    "Field",
    "Scalar",
    "WhereError",
    "condition",
    "field_named",
]

Scalar = str | int | float
"""What is compared with: a text, a truth value as a text, a number."""

OPERATIONS = ("eq", "in", "range", "contains")


class WhereError(ValueError):
    """A condition that cannot be meant; the text says what to write."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition in SQL, with the values of its marks in order."""

    sql: str
    values: tuple[str | float, ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """What a condition is about: `expressions` are SQL, of which any may satisfy it.

    `frame` is what the condition stands in, with the values of its marks before those of the condition.
    """

    name: str
    kind: str
    expressions: tuple[str, ...]
    frame: Condition = Condition("{}")


_IN_ATTRIBUTES = (
    "EXISTS (SELECT 1 FROM json_each(documents.attributes) AS field, json_each(field.value) AS item "
    "WHERE {key} AND ({{}}))"
)
_TEXTS = {"source": ("source", "file_name(source)"), "title": ("title",), "author": ("author",)}
_FIELDS = {
    **{name: Field(name, "text", expressions) for name, expressions in _TEXTS.items()},
    "language": Field("language", "text", ("language",)),
    **{name: Field(name, "date", (day,)) for name, day in DAYS.items()},
    **{name: Field(name, "number", (name,)) for name in ("bytes", "characters")},
}
FIELDS = tuple(_FIELDS)
"""The fields that every document may have."""

ANY_TAG = ("tag", "tags")
"""What stands for any tag: `财务`, or with its name `team=财务`."""

_TAGS = Field(
    "tag",
    "own",
    ("item.value", "field.key || '=' || item.value"),
    Condition(_IN_ATTRIBUTES.format(key="field.key != ?"), (SUMMARY,)),
)


def field_named(name: str) -> Field:
    """The field that a user means: one of every document, `tag` for any tag, else the tag of that name."""
    key = folded(name) or ""
    if key in ANY_TAG:
        return _TAGS
    if key in _FIELDS:
        return _FIELDS[key]
    frame = Condition(_IN_ATTRIBUTES.format(key="folded(field.key) = ?"), (key,))
    return Field(name, "own", ("item.value",), frame)


def condition(field: Field, operation: str, operands: Sequence[Scalar | None]) -> Condition:
    """That a field is equal to the operand, one `in` them, in the range of two, or contains the one.

    Raises:
        WhereError: the operands are none for this field.
    """
    if operation == "range":
        first, last = operands
        tests = _range(field, first, last)
    else:
        make: Callable[[Field, Scalar], list[Condition]] = _contains if operation == "contains" else _equal
        tests = [test for operand in operands if operand is not None for test in make(field, operand)]
    each = [
        Condition(test.sql.replace("{}", expression), test.values)
        for test in _merged(tests)
        for expression in field.expressions
    ]
    values = (value for test in each for value in test.values)
    inner = " OR ".join(test.sql for test in each)
    sql = field.frame.sql.replace("{}", inner)
    return Condition(f"({sql})", (*field.frame.values, *values))


def _merged(tests: Sequence[Condition]) -> list[Condition]:
    """The same, with one list for all texts that a field may be equal to."""
    texts = [value for test in tests if test.sql == _SAME for value in test.values]
    others = [test for test in tests if test.sql != _SAME]
    if not texts:
        return others
    marks = ", ".join("?" for _ in texts)
    return [Condition(f"folded({{}}) IN ({marks})", tuple(texts)), *others]


_SAME = "folded({}) = ?"


def _equal(field: Field, operand: Scalar) -> list[Condition]:
    if field.kind == "text":
        return [Condition(_SAME, (_text(operand),))]
    if field.kind == "number":
        return [Condition("{} = ?", (_number(field, operand),))]
    if field.kind == "date":
        return [Condition("{} BETWEEN ? AND ?", _days(field, operand))]
    if isinstance(operand, str):
        tests = [Condition(_SAME, (_text(operand),))]
    else:
        tests = [Condition("number({}) = ?", (float(operand),))]
    if span := days(operand):
        tests.append(Condition("first_day({}) BETWEEN ? AND ?", span))
    return tests


def _contains(field: Field, operand: Scalar) -> list[Condition]:
    if field.kind in ("date", "number"):
        example = '"2024-01-01"' if field.kind == "date" else "1000"
        raise WhereError(
            f"{field.name!r} is a {field.kind}, and contains is for texts. Use range, such as "
            f"[{example}, null]."
        )
    return [Condition("instr(folded({}), ?) > 0", (_text(operand),))]


def _range(field: Field, first: Scalar | None, last: Scalar | None) -> list[Condition]:
    ends = [end for end in (first, last) if end is not None]
    if not ends:
        raise WhereError(f"The range of {field.name!r} is open at both ends. Give one, as in [5, null].")
    if field.kind == "text":
        raise WhereError(f"{field.name!r} is a text, and has no range. Use eq, in or contains.")
    # What a user has tagged is a text: `2024` may be meant as a number, or as all days of a year.
    own = field.kind == "own"
    tests = []
    if field.kind == "number" or (own and all(_read(end) is not None for end in ends)):
        low, high = (None if end is None else _number(field, end) for end in (first, last))
        tests.append(_between(field, "number({})" if own else "{}", low, high))
    if field.kind == "date" or (own and all(days(end) for end in ends)):
        start = None if first is None else _days(field, first)[0]
        end = None if last is None else _days(field, last)[1]
        tests.append(_between(field, "first_day({})" if own else "{}", start, end))
    if not tests:
        shown = " and ".join(map(repr, ends))
        raise WhereError(f"The range of {field.name!r} needs numbers or dates (2024-05-31), and has {shown}.")
    return tests


def _between(field: Field, expression: str, low: str | float | None, high: str | float | None) -> Condition:
    # Both are numbers, or both are days.
    if low is not None and high is not None and low > high:  # type: ignore[operator]
        raise WhereError(f"The range of {field.name!r} begins after its end. Swap {low!r} and {high!r}.")
    bounds = [(sign, bound) for sign, bound in ((">=", low), ("<=", high)) if bound is not None]
    sql = " AND ".join(f"{expression} {sign} ?" for sign, _ in bounds)
    return Condition(f"({sql})", tuple(bound for _, bound in bounds))


def _text(operand: Scalar) -> str:
    return folded(operand) or ""


def _number(field: Field, operand: Scalar) -> float:
    value = _read(operand)
    if value is None:
        raise WhereError(f"{field.name!r} is a number, and {operand!r} is none. Write it as 1200.")
    return value


def _read(operand: Scalar) -> float | None:
    return number(operand) if isinstance(operand, str) else float(operand)


def _days(field: Field, operand: Scalar) -> tuple[str, str]:
    span = days(operand)
    if span is None:
        raise WhereError(
            f"{field.name!r} is a date, and {operand!r} is none. Write 2024-05-31, 2024-05 or 2024; "
            f"today is {date.today().isoformat()}."
        )
    return span
