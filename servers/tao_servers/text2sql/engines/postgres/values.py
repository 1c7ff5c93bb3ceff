"""Values as the server writes them, as Python's.

Times and the like stay as the server's text: Python has no date before year 1 and none after 9999.
"""

from collections.abc import Sequence
from decimal import Decimal

from psycopg.pq.abc import PGresult

__all__ = ["BYTES", "Value", "is_short", "row_of"]

Value = str | int | float | bool | Decimal | None

# Numbers of types, from pg_type.dat; they never change.
BYTES = 17
_BOOLEAN = 16
_INTEGERS = frozenset({20, 21, 23, 26})
_FLOATS = frozenset({700, 701})
_NUMERIC = 1700
_LIMITED = frozenset({1042, 1043})
_SHORT = (
    frozenset({_BOOLEAN, _NUMERIC})
    | _INTEGERS
    | _FLOATS
    | {18, 19, 24, 27, 28, 29, 650, 774, 790, 829, 869, 1082, 1083, 1114, 1184, 1186, 1266}
    | {2205, 2206, 2278, 2950, 3220, 4089, 4096}
)
_EXTRA_OF_A_LENGTH = 4
_DIGITS_OF_A_DECIMAL = 28


def is_short(type_: int, modifier: int, longest: int) -> bool:
    """Whether no value of the type can have many more than `longest` characters."""
    if type_ in _LIMITED:
        return 0 < modifier - _EXTRA_OF_A_LENGTH <= longest
    return type_ in _SHORT


def row_of(result: PGresult, row: int, types: Sequence[int]) -> list[Value]:
    """One row of a result in text format."""
    return [_value(result.get_value(row, column), type_) for column, type_ in enumerate(types)]


def _value(raw: bytes | None, type_: int) -> Value:
    if raw is None:
        return None
    if type_ == _BOOLEAN:
        return raw == b"t"
    # A database in SQL_ASCII has text in any encoding.
    text = bytes(raw).decode("utf-8", "replace")
    if type_ in _INTEGERS:
        return int(text)
    if type_ in _FLOATS:
        return float(text)
    # Arithmetic on longer ones rounds them.
    return Decimal(text) if type_ == _NUMERIC and len(text) <= _DIGITS_OF_A_DECIMAL else text
