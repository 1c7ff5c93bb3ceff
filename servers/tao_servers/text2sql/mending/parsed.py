"""A statement that could be read: its tree, its tokens, and where each name stands in the text.

This module imports sqlglot.
"""

from dataclasses import dataclass
from functools import cached_property

from sqlglot import exp

from tao_servers.text2sql.checking.dialects import parsed
from tao_servers.text2sql.checking.lexing import Token, lex
from tao_servers.text2sql.checking.sources import Names
from tao_servers.text2sql.errors import QueryRefused
from tao_servers.text2sql.identifiers import identifier
from tao_servers.text2sql.mending.scopes import Scope, scopes
from tao_servers.text2sql.schema import Dialect, Schema

__all__ = ["Parsed", "read"]


@dataclass(frozen=True)
class Parsed:
    """`text` is what the places are in: the statement, or where its texts had to be rewritten, that."""

    text: str
    tree: exp.Expr
    tokens: tuple[Token, ...]
    schema: Schema

    @property
    def dialect(self) -> Dialect:
        """The dialect that it is written in."""
        return self.schema.dialect

    @cached_property
    def names(self) -> Names:
        """How its names are compared."""
        return Names(self.dialect, exact=not self.schema.open)

    @cached_property
    def scopes(self) -> list[Scope]:
        """Its SELECTs with what they read from, the outer before the inner ones."""
        return scopes(self.tree, self.schema, self.names)

    def quoted(self, name: str) -> str:
        """The name as it is to be written."""
        return identifier(name, self.dialect)

    def token_after(self, place: int) -> Token | None:
        """The first token that starts at a place or after it."""
        return next((token for token in self.tokens if token.start >= place), None)


def read(text: str, schema: Schema) -> Parsed | None:
    """The statement as the rules will read it; None when they could not."""
    try:
        plain, tokens = lex(text, schema.dialect)
        while tokens and tokens[-1].is_sign(";"):
            tokens.pop()
        if not tokens:
            return None
        body = plain[: tokens[-1].end]
        tree = parsed(body, tokens, schema.dialect)
    except (QueryRefused, RecursionError):
        return None
    if not isinstance(tree, exp.Query):
        return None
    # With the places the same, comments can stay.
    return Parsed(text if len(plain) == len(text) else plain, tree, tuple(tokens), schema)
