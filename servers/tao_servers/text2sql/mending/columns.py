"""Makes columns real: the right thing to take them from, the right name, or the table that they are in.

This module imports sqlglot.
"""

from collections.abc import Iterable
from dataclasses import replace

from sqlglot import exp

from tao_servers.text2sql.checking.statement import called
from tao_servers.text2sql.mending.conditions import prefix_of
from tao_servers.text2sql.mending.edits import Edit
from tao_servers.text2sql.mending.joining import Joining
from tao_servers.text2sql.mending.likeness import LIKE, SURE, Choice, Near, best, by_meaning, keys, likeness
from tao_servers.text2sql.mending.parsed import Parsed
from tao_servers.text2sql.mending.scopes import MOST_PLACES, Place, Scope, ends_of
from tao_servers.text2sql.mending.values import is_value, may_be_text, text_for
from tao_servers.text2sql.schema import Column, Table

__all__ = ["real_columns"]

# A statement with more wrong names than this is beyond mending, and comparing takes time.
_MOST = 40
_MOST_CHOICES = 400
# What SQLite asks of a table for full-text search by its own name, as in `docs MATCH 'word'`.
_FULL_TEXT = frozenset({"bm25", "highlight", "matchinfo", "offsets", "snippet"})
_Choices = list[Choice[tuple[Place | None, str]]]


def real_columns(parsed: Parsed, near: Near | None) -> list[Edit]:
    """What to write for the columns that are not where they were said to be."""
    work = _Columns(parsed, near)
    # What an inner SELECT gives is known once it is mended itself.
    inner = [scope for scope in parsed.scopes if all(place.table for place in scope.places)]
    return _mended(inner, work) or _mended(parsed.scopes, work)


def _mended(scopes: Iterable[Scope], work: "_Columns") -> list[Edit]:
    edits: list[Edit] = []
    seen = 0
    for scope in (scope for scope in scopes if len(scope.places) <= MOST_PLACES):
        for column in scope.references:
            found = work.mended(column, scope)
            seen += found is not None
            edits += found or []
            if seen >= _MOST:
                return edits
    return edits


class _Columns:
    def __init__(self, parsed: Parsed, near: Near | None) -> None:
        self._parsed, self._near, self._names = parsed, near, parsed.names
        self._joining = Joining(parsed)
        self._tables = keys(table.name for table in parsed.schema.tables)

    def mended(self, column: exp.Column, scope: Scope) -> list[Edit] | None:
        """What to write instead; None when nothing is wrong with it, empty when that could not be told."""
        if not column.args.get("table"):
            return self._alone(column, scope)
        prefix = self._names.of_table(column.args["table"])
        for home in scope.chain():
            for place in home.places:
                if place.name == prefix:
                    return self._misplaced(column, place, home, scope)
        return self._undeclared(column, prefix, scope)

    def _misplaced(self, column: exp.Column, place: Place, home: Scope, scope: Scope) -> list[Edit] | None:
        """`T2.x` where T2 is there."""
        name = self._names.of(column.this)
        if place.columns is None or place.has(name):
            return None
        around = list(dict.fromkeys((*scope.places, *home.places)))
        others = [one for one in around if one is not place and prefix_of(one, self._parsed)]
        having = [one for one in others if one.has(name) and not self._meets_itself(column, one)]
        having = self._by_key(column, having, scope) if len(having) > 1 else having
        if len(having) == 1 and not self._ties(column, place):
            return self._moved(column, having[0])
        return (
            self._renamed(column, best(column.name, self._of([place]), self._tables, SURE), place)
            or self._renamed(column, best(column.name, self._of(others), self._tables, SURE), place)
            or self._joined(column, scope)
            or self._renamed(column, best(column.name, self._of([place]), self._tables), place)
            or self._renamed(column, best(column.name, self._of(others), self._tables), place)
            or self._renamed(column, by_meaning(column.name, self._of([place]), self._near), place)
        )

    def _undeclared(self, column: exp.Column, prefix: str, scope: Scope) -> list[Edit] | None:
        """`T3.x` where there is no T3."""
        name, parsed = self._names.of(column.this), self._parsed
        places = [place for place in scope.places if prefix_of(place, parsed)]
        visible = [place for one in scope.chain() for place in one.places if prefix_of(place, parsed)]
        if parsed.dialect == "duckdb" and any(place.has(prefix) for place in visible):
            return None
        written = column.args["table"].name
        meant = [place for place in visible if place.table and self._folded_table(place.table) == prefix]
        real = None if meant else parsed.schema.table(written)
        if real and real.column(column.name) and (joined := self._joined(column, scope, written)) is not None:
            return joined
        meant = meant or [place for place in visible if self._is_like(written, place)]
        for place in meant:
            if place.has(name) or column.is_star or len(meant) == 1:
                return self._moved(column, place)
        having = [place for place in places if place.has(name) and not self._meets_itself(column, place)]
        if len(having) == 1:
            return self._moved(column, having[0])
        if having or not scope.is_clear or column.is_star:
            return []
        found = best(column.name, self._of(places), self._tables)
        return self._joined(column, scope, written) or self._renamed(column, found, None)

    def _alone(self, column: exp.Column, scope: Scope) -> list[Edit] | None:
        name = self._names.of(column.this)
        having = [place for place in scope.places if place.has(name)]
        if having:
            return self._told_apart(column, having, scope) if len(having) > 1 else None
        outer = [place for one in scope.chain() for place in one.places]
        aliases = any(name in one.aliases for one in scope.chain())
        whole = any(one.name == name for one in outer) and self._is_whole(column)
        if aliases or whole or not outer or not scope.is_clear or any(one.has(name) for one in outer):
            return None
        if is_value(column):
            return text_for(column, scope, self._parsed)
        own = self._of(scope.places) + self._aliases_for(column, scope)
        return (
            self._named(column, best(column.name, own, self._tables, SURE), scope)
            or self._joined(column, scope)
            or self._named(column, best(column.name, own, self._tables), scope)
            or self._named(column, by_meaning(column.name, own, self._near), scope)
            or (text_for(column, scope, self._parsed) if may_be_text(column) else None)
        )

    def _is_whole(self, column: exp.Column) -> bool:
        """Whether the name of a table can stand for its rows there."""
        if self._parsed.dialect == "sqlite":
            call = column.parent
            asked = isinstance(call, exp.Anonymous) and called(call) in _FULL_TEXT
            return asked or isinstance(call, exp.Match)
        return self._parsed.dialect in {"postgres", "duckdb"}

    def _told_apart(self, column: exp.Column, having: list[Place], scope: Scope) -> list[Edit] | None:
        """A column that several have: that of the thing it is selected from, else that of the first."""
        name = self._names.of(column.this)
        merged = any(join.args.get("using") or join.args.get("method") for join in scope.joins)
        if merged or (_is_ordered(column, self._parsed) and self._is_output(name, scope)):
            return None
        chosen = {
            self._names.of_table(one.args["table"])
            for one in scope.references
            if one.args.get("table") and self._names.of(one.this) == name and _is_selected(one, scope)
        }
        told = [place for place in having if place.name in chosen]
        place = told[0] if len(told) == 1 else having[0]
        return self._prefixed(column, place)

    def _is_output(self, name: str, scope: Scope) -> bool:
        if self._parsed.dialect == "sqlite":
            return name in scope.aliases
        return any(self._names.of(one) == name for one in scope.select.expressions)

    def _aliases_for(self, column: exp.Column, scope: Scope) -> _Choices:
        """Names that the SELECT gives to its columns, where those can be meant."""
        if not column.find_ancestor(exp.Order, exp.Group, exp.Having, exp.Select) or isinstance(
            column.find_ancestor(exp.Order, exp.Group, exp.Having, exp.Select), exp.Select
        ):
            return []
        return [
            Choice(alias, (None, alias))
            for alias in scope.aliases
            if not any(place.has(alias) for place in scope.places)
        ]

    def _of(self, places: Iterable[Place]) -> _Choices:
        found: _Choices = []
        for place in places:
            if place.table is None:
                found += [Choice(name, (place, name)) for name in place.columns or ()]
                continue
            found += [
                Choice(one.name, (place, one.name), place.table.name, one.comment or "")
                for one in place.table.columns
            ]
        return found[:_MOST_CHOICES]

    def _is_like(self, written: str, place: Place) -> bool:
        table = place.table.name if place.table else place.name
        return any(likeness(written, Choice(name, None)) >= LIKE for name in (table, place.name))

    def _folded(self, name: str) -> str:
        return self._names.of(exp.to_identifier(name, quoted=True))

    def _folded_table(self, table: Table) -> str:
        return self._names.of_table(exp.to_identifier(table.name, quoted=True))

    def _meets_itself(self, column: exp.Column, place: Place, name: str = "") -> bool:
        """Whether it would stand beside itself, or in a join beside a column of the same thing.

        `name` is what it would be called, where not as it is.
        """
        pair = column.parent
        if not isinstance(pair, exp.Binary):
            return False
        other = pair.expression if pair.this is column else pair.this
        if not isinstance(other, exp.Column) or self._names.of_table(other.args.get("table")) != place.name:
            return False
        folded = self._folded(name) if name else self._names.of(column.this)
        return self._names.of(other.this) == folded or bool(pair.find_ancestor(exp.Join))

    def _ties(self, column: exp.Column, place: Place) -> bool:
        """Whether it is what ties a thing to the others: taken from elsewhere it would tie nothing."""
        join, pair = column.find_ancestor(exp.Join, exp.Select), column.parent
        if not (isinstance(join, exp.Join) and join.this is place.node and isinstance(pair, exp.EQ)):
            return False
        other = pair.expression if pair.this is column else pair.this
        is_column = isinstance(other, exp.Column) and other.args.get("table") is not None
        return is_column and self._names.of_table(other.args["table"]) != place.name

    def _by_key(self, column: exp.Column, having: list[Place], scope: Scope) -> list[Place]:
        """Of several that have the column those that the other side of `=` is a foreign key to."""
        equal = column.parent
        if not isinstance(equal, exp.EQ):
            return having
        other = equal.expression if equal.this is column else equal.this
        if not isinstance(other, exp.Column) or not other.args.get("table"):
            return having
        prefix = self._names.of_table(other.args["table"])
        far = next((place.table for place in scope.places if place.name == prefix), None)
        ties = {
            (link.far.full_name, link.far_column.lower())
            for link in (self._joining.links.of(far) if far else ())
            if link.column.lower() == other.name.lower()
        }
        return [one for one in having if one.table and (one.table.full_name, column.name.lower()) in ties]

    def _joined(self, column: exp.Column, scope: Scope, alias: str = "") -> list[Edit] | None:
        name = column.name
        table = self._parsed.schema.table(alias) if alias else None
        least = SURE if table is None else LIKE

        def picked(far: Table) -> Column | None:
            exact = far.column(name)
            choices = (Choice(one.name, one, far.name) for one in far.columns)
            return exact or best(name, choices, self._tables, least)

        only = picked if table is None else lambda far: picked(far) if far is table else None
        found = self._joining.edits(scope, name, only, "" if table is not None else alias)
        if found is None:
            return None
        edits, prefix, real = found
        span = self._span(column)
        if span is None:
            return None
        text = f"{prefix}.{self._parsed.quoted(real)}"
        return [*edits, Edit(*span, text)] if self._parsed.text[slice(*span)] != text else edits

    def _span(self, column: exp.Column) -> tuple[int, int] | None:
        parts = [column.args.get("table"), column.this]
        spans = [span for part in parts if part is not None and (span := ends_of(part))]
        return (spans[0][0], spans[-1][1]) if spans else None

    def _moved(self, column: exp.Column, place: Place) -> list[Edit]:
        span, prefix = ends_of(column.args["table"]), prefix_of(place, self._parsed)
        if span is None or not prefix or self._parsed.text[slice(*span)] == prefix:
            return []
        note = f"took {column.name} from {prefix} instead of {self._parsed.text[slice(*span)]}"
        return [Edit(*span, prefix, note)]

    def _prefixed(self, column: exp.Column, place: Place) -> list[Edit]:
        span, prefix = ends_of(column.this), prefix_of(place, self._parsed)
        if span is None or not prefix:
            return []
        return [Edit(span[0], span[0], f"{prefix}.", f"took {column.name} from {prefix}")]

    def _named(
        self, column: exp.Column, found: tuple[Place | None, str] | None, scope: Scope
    ) -> list[Edit] | None:
        """The name, with what it is taken from where others there have such a column too."""
        edits = self._renamed(column, found, None)
        place, name = found or (None, "")
        several = sum(one.has(self._folded(name)) for one in scope.places) > 1
        prefix = prefix_of(place, self._parsed) if several and place is not None else ""
        return [replace(edit, text=f"{prefix}.{edit.text}") for edit in edits] if edits and prefix else edits

    def _renamed(
        self, column: exp.Column, found: tuple[Place | None, str] | None, written: Place | None
    ) -> list[Edit] | None:
        if found is None:
            return None
        place, name = found
        if place is not None and self._meets_itself(column, place, name):
            return None
        real, span = self._parsed.quoted(name), ends_of(column.this)
        if span is None or self._parsed.text[slice(*span)] == real:
            return []
        edits = [Edit(*span, real, f"wrote {real} for {self._parsed.text[slice(*span)]}")]
        if column.args.get("table") and place is not None and place is not written:
            edits += self._moved(column, place)
        return edits


def _is_ordered(column: exp.Column, parsed: Parsed) -> bool:
    """Whether it is all of a term of ORDER BY, or of GROUP BY but in SQLite: outputs may come first there."""
    parent = column.parent
    if isinstance(parent, exp.Ordered):
        return True
    return parsed.dialect != "sqlite" and isinstance(parent, exp.Group)


def _is_selected(column: exp.Column, scope: Scope) -> bool:
    """Whether it stands in what the SELECT gives."""
    node: exp.Expr = column
    while node.parent is not None and node.parent is not scope.select:
        node = node.parent
    return node.arg_key == "expressions"
