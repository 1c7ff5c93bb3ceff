"""From a question to the tables, columns, values, numbers and dates that it is about."""

from tao_servers.text2sql.linking.dates import DateMatch, find_dates
from tao_servers.text2sql.linking.linker import Link, Linker
from tao_servers.text2sql.linking.numbers import NumberMatch, find_numbers
from tao_servers.text2sql.linking.reading import look_up, read_values
from tao_servers.text2sql.linking.references import with_likely_references
from tao_servers.text2sql.linking.values import ColumnValues, ValueIndex, ValueMatch

__all__ = [
    "ColumnValues",
    "DateMatch",
    "Link",
    "Linker",
    "NumberMatch",
    "ValueIndex",
    "ValueMatch",
    "find_dates",
    "find_numbers",
    "look_up",
    "read_values",
    "with_likely_references",
]
