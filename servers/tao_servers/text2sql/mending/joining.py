"""Adds the table that a column is in to FROM, where one foreign key alone leads there.

This module imports sqlglot.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from sqlglot import exp

from tao_servers.text2sql.mending.aggregates import counts_rows
from tao_servers.text2sql.mending.conditions import prefix_of
from tao_servers.text2sql.mending.edits import Edit
from tao_servers.text2sql.mending.links import Link, Links
from tao_servers.text2sql.mending.parsed import Parsed
from tao_servers.text2sql.mending.scopes import Place, Scope, ends_of
from tao_servers.text2sql.schema import Column, Table

__all__ = ["Joining"]

_AFTER_FROM_WORDS = """
    where group having order limit union intersect except window qualify offset fetch for
"""
_AFTER_FROM = frozenset(_AFTER_FROM_WORDS.split())


@dataclass(frozen=True)
class _Way:
    place: Place
    link: Link
    column: str


class Joining:
    """The joins that one round adds to a statement."""

    def __init__(self, parsed: Parsed) -> None:
        self._parsed = parsed
        self._added: dict[tuple[int, str], str] = {}

    @cached_property
    def links(self) -> Links:
        """The ties of the schema."""
        return Links(self._parsed.schema)

    def edits(
        self, scope: Scope, wanted: str, picked: Callable[[Table], Column | None], alias: str = ""
    ) -> tuple[list[Edit], str, str] | None:
        """The join, the prefix of its columns and the column `picked`; None for no or several ways.

        A table of which a row meets several is not joined where they would be counted several times, beside
        the column that is `wanted`. `alias` is the name that the statement has for the table already.
        """
        if not self._can_grow(scope):
            return None
        ways = [
            _Way(place, link, column.name)
            for place in scope.places
            if place.table is not None and prefix_of(place, self._parsed)
            for link in self.links.of(place.table)
            if (link.is_one or not counts_rows(scope.select, wanted))
            and not any(other.table is link.far for other in scope.places)
            and (column := picked(link.far)) is not None
        ]
        if len(ways) != 1:
            return None
        way, far = ways[0], ways[0].link.far
        known = self._added.get((id(scope), far.full_name))
        if known is not None:
            return [], known, way.column
        prefix = alias or self._parsed.quoted(far.name)
        end = self._end_of_from(way.place)
        taken = {place.name for place in scope.places}
        if end is None or self._parsed.names.of_table(exp.to_identifier(far.name, quoted=True)) in taken:
            return None
        self._added[id(scope), far.full_name] = prefix
        # Behind an outer join another kind would drop the rows that it keeps.
        kind = "LEFT JOIN" if any(join.args.get("side") for join in scope.joins) else "JOIN"
        return [self._join(way, kind, prefix, alias, end)], prefix, way.column

    def _join(self, way: _Way, kind: str, prefix: str, alias: str, end: int) -> Edit:
        quoted, far = self._parsed.quoted, way.link.far
        name = (f"{quoted(far.schema)}." if far.schema else "") + quoted(far.name)
        condition = (
            f"{prefix_of(way.place, self._parsed)}.{quoted(way.link.column)} = "
            f"{prefix}.{quoted(way.link.far_column)}"
        )
        renamed = f" AS {alias}" if alias else ""
        return Edit(end, end, f" {kind} {name}{renamed} ON {condition}", f"joined {name} on {condition}")

    def _can_grow(self, scope: Scope) -> bool:
        """Whether another table changes neither the columns nor what the conditions of joins can see."""
        joins = scope.joins
        tied = any(join.args.get("using") or join.args.get("method") for join in joins)
        sides = any(str(join.args.get("kind") or "").upper() in {"SEMI", "ANTI"} for join in joins)
        commas = any(not any(join.args.get(key) for key in ("kind", "on", "side")) for join in joins)
        stars = any(one.is_star for one in scope.select.expressions)
        return not (tied or sides or stars or (commas and self._parsed.dialect != "sqlite"))

    def _end_of_from(self, place: Place) -> int | None:
        """Where the FROM ends that a table stands in."""
        span = ends_of(place.node.this)
        end, depth = None, 0
        for token in self._parsed.tokens:
            if span is None or token.start < span[0]:
                continue
            depth += token.is_sign("(") - token.is_sign(")")
            if depth < 0 or (depth == 0 and token.lowered in _AFTER_FROM):
                break
            end = token.end
        return end
