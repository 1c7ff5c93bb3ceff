"""A statement that could be read: its words, its tree, and the schema that it is about.

This module imports sqlglot.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from sqlglot import exp

from tao_servers.text2sql.checking.lexing import Token
from tao_servers.text2sql.schema import Dialect, Schema

__all__ = ["Statement"]


@dataclass(frozen=True)
class Statement:
    """`tokens` are those of the query; `functions` are further ones that it may call, in lower case."""

    tree: exp.Expr
    tokens: tuple[Token, ...]
    schema: Schema
    functions: frozenset[str] = frozenset()

    @property
    def dialect(self) -> Dialect:
        """The dialect that it is written in."""
        return self.schema.dialect

    @cached_property
    def nodes(self) -> tuple[exp.Expr, ...]:
        """Every part of the tree."""
        return tuple(self.tree.walk())

    @cached_property
    def calls(self) -> tuple[tuple[str, exp.Anonymous], ...]:
        """Calls with their names in lower case, but for those that have a syntax of their own."""
        return tuple((called(node), node) for node in self.nodes if isinstance(node, exp.Anonymous))

    def calls_of(self, *names: str) -> Iterator[tuple[str, exp.Anonymous]]:
        """The calls of these functions that have arguments."""
        return ((name, call) for name, call in self.calls if name in names and call.expressions)


def called(call: exp.Anonymous) -> str:
    """The name of a function as it was called, in lower case."""
    return str(call.name).lower()
