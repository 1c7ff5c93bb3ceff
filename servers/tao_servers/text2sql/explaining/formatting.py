"""SQL set for people to read."""

from tao_servers.text2sql.errors import QueryRefused
from tao_servers.text2sql.schema import Dialect

__all__ = ["formatted"]


def formatted(sql: str, dialect: Dialect) -> str:
    """The statement over several lines, its functions as they were called.

    What is no query, or would mean something else once it is set anew, stays as it is.
    """
    from sqlglot.errors import ErrorLevel, SqlglotError

    from tao_servers.text2sql.checking.dialects import parsed
    from tao_servers.text2sql.checking.lexing import lex
    from tao_servers.text2sql.explaining.parts import is_query

    plain = sql.strip().rstrip(";").rstrip()
    if not is_query(plain):
        return plain
    try:
        # The trees of the rules: they keep each function's name, where sqlglot's own put another for it.
        text, tokens = lex(plain, dialect)
        tree = parsed(text, tokens, dialect)
        pretty = tree.sql(
            dialect=dialect, pretty=True, normalize_functions=False, unsupported_level=ErrorLevel.RAISE
        )
        text, tokens = lex(pretty, dialect)
        is_same = parsed(text, tokens, dialect) == tree
    except (QueryRefused, SqlglotError, RecursionError, ArithmeticError, LookupError, TypeError, ValueError):
        return plain
    return pretty if is_same else plain
