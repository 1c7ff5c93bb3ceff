"""Takes some questions of every set, spread over its databases."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from tao_servers.text2sql.evaluating.dataset import Item

__all__ = ["spread"]

_Value = TypeVar("_Value")


def spread(items: Sequence[Item], limit: int | None) -> list[Item]:
    """At most `limit` items of each set and language, evenly over its databases; the same each time.

    All of them without a limit. Those of one database follow each other.
    """
    groups: dict[str, dict[Path, list[Item]]] = defaultdict(lambda: defaultdict(list))
    for item in items:
        groups[item.group][item.database].append(item)
    chosen = [item for group in groups.values() for item in _spread_over(group, limit)]
    order = {name: place for place, name in enumerate(dict.fromkeys(item.set for item in items))}
    # Sorting is stable: within a database and a language the order of the file stays.
    return sorted(chosen, key=lambda item: (order[item.set], str(item.database), item.language))


def _spread_over(group: dict[Path, list[Item]], limit: int | None) -> Iterator[Item]:
    databases = [group[path] for path in sorted(group)]
    total = sum(map(len, databases))
    limit = total if limit is None else min(limit, total)
    if limit < len(databases):
        databases = _evenly(databases, limit)
    for items, count in zip(databases, _shares(list(map(len, databases)), limit), strict=True):
        yield from _evenly(items, count)


def _shares(sizes: Sequence[int], limit: int) -> list[int]:
    """How many of each, as equal as the sizes let it be."""
    shares = [0] * len(sizes)
    left = limit
    while left:
        open_ones = [place for place, size in enumerate(sizes) if shares[place] < size]
        for place in open_ones[:left]:
            shares[place] += 1
        left -= min(left, len(open_ones))
    return shares


def _evenly(values: Sequence[_Value], count: int) -> list[_Value]:
    return [values[place * len(values) // count] for place in range(count)]
