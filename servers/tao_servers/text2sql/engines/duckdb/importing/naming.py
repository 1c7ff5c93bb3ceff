"""Names for tables and columns, from the names of files, sheets and headings."""

import re
from collections.abc import Iterable

__all__ = ["quoted", "text", "unique", "unique_all"]

_LONGEST = 100
# A dot would look like the end of a schema's name.
_UNWANTED = re.compile(r"[\x00-\x1f\x7f.\"'`;]+")


def unique(name: str, taken: set[str]) -> str:
    """`name` as a name that is not among `taken`, which it is added to; `taken` is in lower case."""
    cleaned = _UNWANTED.sub("_", name.strip())[:_LONGEST].strip() or "table"
    found, number = cleaned, 2
    while found.lower() in taken:
        found, number = f"{cleaned}_{number}", number + 1
    taken.add(found.lower())
    return found


def unique_all(headings: Iterable[str]) -> list[str]:
    """Names for columns: what is blank is numbered, what comes twice as well."""
    taken: set[str] = set()
    names = []
    for number, heading in enumerate(headings, 1):
        line = " ".join(heading.split())[:_LONGEST] or f"column_{number}"
        name, again = line, 2
        while name.lower() in taken:
            name, again = f"{line}_{again}", again + 1
        taken.add(name.lower())
        names.append(name)
    return names


def quoted(name: str) -> str:
    """A name as an identifier."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """A text as a literal."""
    return "'" + value.replace("'", "''") + "'"
