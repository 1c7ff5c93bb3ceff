"""Which tables can be joined, by declared keys and by those that the names of columns tell of."""

import heapq
from collections.abc import Mapping, Sequence

from tao_servers.text2sql.linking.references import with_likely_references
from tao_servers.text2sql.schema import Schema

__all__ = ["Joins"]

_LONGEST_PATH = 3


class Joins:
    """The joins of a schema, tables by their numbers in it."""

    def __init__(self, schema: Schema) -> None:
        self._joined = _joined(with_likely_references(schema))

    def neighbours(self, table: int) -> set[int]:
        """The tables that a table is joined with."""
        return self._joined[table]

    def between(self, chosen: Sequence[int], scores: Mapping[int, float], most: int) -> list[int]:
        """Tables that are not chosen but lie on the shortest path from a chosen one to those before it.

        Of paths of the same length the one whose tables score more is taken. Paths of over three joins
        are none, and no more than `most` tables are added.
        """
        reached: set[int] = set()
        added: list[int] = []
        for table in chosen:
            if reached and table not in reached:
                path = self._path(table, reached, scores)
                if len(added) + len(path) <= most:
                    added += path
                    reached |= set(path)
            reached.add(table)
        return [table for table in added if table not in chosen]

    def _path(self, start: int, goals: set[int], scores: Mapping[int, float]) -> list[int]:
        """The tables between `start` and the nearest of `goals`; none when they are neighbours or too far."""
        queue: list[tuple[int, float, int, tuple[int, ...]]] = [(0, 0.0, start, ())]
        seen: set[int] = set()
        while queue:
            steps, cost, table, between = heapq.heappop(queue)
            if table in seen:
                continue
            seen.add(table)
            for other in sorted(self._joined[table]):
                if other in goals:
                    return list(between)
                if steps + 1 < _LONGEST_PATH:
                    further = (steps + 1, cost - scores.get(other, 0.0), other, (*between, other))
                    heapq.heappush(queue, further)
        return []


def _joined(schema: Schema) -> list[set[int]]:
    numbers = {table.full_name.lower(): number for number, table in enumerate(schema.tables)}
    found: list[set[int]] = [set() for _ in schema.tables]
    for number, table in enumerate(schema.tables):
        for column in table.columns:
            other = _target(column.references, numbers)
            if other is not None and other != number:
                found[number].add(other)
                found[other].add(number)
    return found


def _target(reference: str | None, numbers: Mapping[str, int]) -> int | None:
    if not reference:
        return None
    lowered = reference.lower()
    # A key may name only the table, and both names may have dots.
    return numbers.get(lowered.rpartition(".")[0], numbers.get(lowered))
