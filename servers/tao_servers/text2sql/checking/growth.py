"""How large a statement becomes when SQLite writes out its WITH parts and inner SELECTs.

SQLite copies the text of a column to each place that names it, and a WITH part to each FROM that reads it.
Thirty parts that each name the one before twice are a thousand million copies, and no time limit is heard
while they are made.
This module imports sqlglot.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator

from sqlglot import exp

__all__ = ["growth"]


def growth(tree: exp.Expr) -> int:
    """About how many names, operators and values the statement has once all is written out, at most.

    Raises:
        RecursionError: the parts are too many to follow.
    """
    return _Growth(tree).of(tree) * sum(1 for _ in tree.walk())


class _Growth:
    def __init__(self, tree: exp.Expr) -> None:
        self._known: dict[int, int] = {}
        self._parts: dict[str, list[exp.Expr]] = defaultdict(list)
        for part in tree.find_all(exp.CTE):
            self._parts[part.alias.lower()].append(part.this)

    def of(self, query: exp.Expr) -> int:
        if id(query) not in self._known:
            # A recursive part meets itself here.
            self._known[id(query)] = 1
            self._known[id(query)] = self._measured(query)
        return self._known[id(query)]

    def _measured(self, query: exp.Expr) -> int:
        columns: Counter[str] = Counter()
        read, beside = 0, 0
        for node in _own(query):
            if isinstance(node, exp.Column):
                columns[node.name.lower()] += 1
                # `x IN part` reads a part without FROM.
                beside += self._part(node.name)
            elif isinstance(node, exp.Table):
                read += self._part(node.name)
            elif isinstance(node.find_ancestor(exp.From, exp.Join, exp.Select), exp.From | exp.Join):
                read += self.of(node)
            else:
                beside += self.of(node)
        return (max(columns.values(), default=0) + beside or 1) * max(read, 1)

    def _part(self, name: str) -> int:
        # The same name may be given twice at different depths: the largest counts.
        return max(map(self.of, self._parts.get(name.lower(), ())), default=0)


def _own(query: exp.Expr) -> Iterator[exp.Expr]:
    """The columns, tables and inner SELECTs of `query`, without what is inside those SELECTs."""
    for node in query.walk(prune=lambda node: node is not query and isinstance(node, exp.Select | exp.CTE)):
        if node is not query and isinstance(node, exp.Select | exp.Column | exp.Table):
            yield node
