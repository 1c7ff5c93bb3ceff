"""Which kind of statement it is, by its first words; what is not a query is checked here, word by word."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tao_servers.text2sql.checking.lexing import Token
from tao_servers.text2sql.errors import QueryRefused
from tao_servers.text2sql.functions import settings
from tao_servers.text2sql.functions.sqlite import PRAGMAS, PRAGMAS_ABOUT
from tao_servers.text2sql.schema import Dialect, Schema, Table

__all__ = ["Form", "form_of"]

_QUERIES: dict[Dialect, frozenset[str]] = {
    "sqlite": frozenset({"select", "with", "values"}),
    "postgres": frozenset({"select", "with", "values", "table"}),
    "mysql": frozenset({"select", "with", "values", "table"}),
    "duckdb": frozenset({"select", "with", "values", "table", "from", "pivot", "unpivot"}),
}
# Words after EXPLAIN that change only what is told; with their values where they have any.
_EXPLAIN_WORDS: dict[Dialect, frozenset[str]] = {
    "sqlite": frozenset({"query", "plan"}),
    "postgres": frozenset({"analyze", "analyse", "verbose"}),
    "mysql": frozenset({"analyze", "extended", "partitions", "format", "json", "tree", "traditional"}),
    "duckdb": frozenset({"analyze"}),
}
_EXPLAIN_OPTIONS = frozenset(
    {"analyze", "buffers", "costs", "format", "generic_plan", "memory", "serialize", "settings", "summary"}
    | {"timing", "verbose", "wal"}
    | {"on", "off", "true", "false", "json", "xml", "yaml", "text", "none", "html", "graphviz", "mermaid"}
)
# What MySQL shows of a database from which nothing is withheld.
_MYSQL_TELLS = (
    *(("tables",), ("table", "status"), ("databases",), ("schemas",), ("engines",), ("storage", "engines")),
    *(("collation",), ("charset",), ("character", "set")),
)
_ONLY_READING = (
    "Only one SELECT is allowed (also WITH, VALUES, UNION, INTERSECT and EXCEPT), or EXPLAIN of one; this"
    " database is read-only. For names and types use list_tables and describe_table."
)


@dataclass(frozen=True, slots=True)
class Form:
    """What a statement is; `body` is where its query begins among the tokens, None when it has none.

    `tells` says that it shows more of the tables that it reads than their rows.
    """

    kind: Literal["select", "explain", "show", "pragma"]
    body: int | None = 0
    tables: tuple[Table, ...] = ()
    tells: bool = False


def form_of(tokens: Sequence[Token], schema: Schema) -> Form:
    """The kind of statement.

    Raises:
        QueryRefused: it does something else than read.
    """
    dialect = schema.dialect
    first = tokens[0].lowered
    if _is_query(tokens, 0, dialect):
        return Form("select")
    if first in {"explain", "describe", "desc", "analyze"}:
        return _explained(tokens, schema)
    if first == "summarize" and dialect == "duckdb":
        return _described(tokens, 1, schema)
    if first == "show" and dialect != "sqlite":
        return _shown(tokens, schema)
    if first == "pragma" and dialect == "sqlite":
        return _pragma(tokens, schema)
    raise _refused()


def _is_query(tokens: Sequence[Token], place: int, dialect: Dialect) -> bool:
    while place < len(tokens) and tokens[place].is_sign("("):
        place += 1
    return place < len(tokens) and tokens[place].lowered in _QUERIES[dialect]


def _explained(tokens: Sequence[Token], schema: Schema) -> Form:
    dialect, first = schema.dialect, tokens[0].lowered
    place = 1
    told = _options(tokens) if dialect in {"postgres", "duckdb"} and first == "explain" else None
    if told is not None:
        place = told
    while place < len(tokens) and (
        tokens[place].lowered in _EXPLAIN_WORDS[dialect]
        or tokens[place].is_sign("=")
        or (tokens[place - 1].is_sign("=") and tokens[place].kind == "text")
    ):
        place += 1
    if not _is_query(tokens, place, dialect):
        return _described(tokens, place, schema)
    if first == "analyze" and (dialect != "mysql" or tokens[place].lowered == "table"):
        # ANALYZE TABLE writes statistics; only MariaDB's ANALYZE SELECT runs a query.
        raise _refused()
    if first in {"describe", "desc"}:
        if dialect not in {"mysql", "duckdb"}:
            raise _refused()
        return Form("show" if dialect == "duckdb" else "explain", place, tells=dialect == "mysql")
    return Form("explain", place, tells=True)


def _options(tokens: Sequence[Token]) -> int | None:
    """Where `(FORMAT JSON, ANALYZE)` ends; None when there is none such."""
    if len(tokens) < 3 or not tokens[1].is_sign("("):
        return None
    for place, token in enumerate(tokens[2:], start=2):
        if token.is_sign(")"):
            return place + 1
        known = token.lowered in _EXPLAIN_OPTIONS or token.kind == "text" or token.value in {"0", "1", ","}
        if not known:
            return None
    return None


def _described(tokens: Sequence[Token], place: int, schema: Schema) -> Form:
    """DESCRIBE of a table: MySQL and DuckDB have it, and `EXPLAIN orders` is the same for MySQL."""
    first, dialect = tokens[0].lowered, schema.dialect
    words = {"mysql": {"describe", "desc", "explain"}, "duckdb": {"describe", "desc", "show", "summarize"}}
    if first not in words.get(dialect, ()) or place != 1:
        raise _refused()
    if _is_query(tokens, place, dialect):
        return Form("show", place)
    parts, end = _name(tokens, place)
    if end < len(tokens) and not (dialect == "mysql" and end == len(tokens) - 1):
        raise _refused()
    return Form("show", None, (_table(parts, schema),))


def _shown(tokens: Sequence[Token], schema: Schema) -> Form:
    words = [token.lowered for token in tokens[1:]]
    if schema.dialect == "postgres":
        name = words[0] if len(words) == 1 else "timezone" if words == ["time", "zone"] else ""
        if name not in settings("postgres"):
            raise QueryRefused(
                "SHOW tells of a setting that is not for everybody; SHOW search_path, timezone,"
                " server_version and the like are allowed. For tables use list_tables.",
                rule="only reading",
            )
        return Form("show", None)
    if words in (["tables"], ["all", "tables"], ["full", "tables"]):
        return _open_only(schema)
    if schema.dialect == "mysql":
        first = 1
        while first < len(tokens) and tokens[first].lowered in {"extended", "full", "global", "session"}:
            first += 1
        return _shown_by_mysql(tokens, words[first - 1 :], schema)
    if words == ["databases"]:
        return _open_only(schema)
    # DuckDB describes a table so.
    return _described(tokens, 1, schema)


def _shown_by_mysql(tokens: Sequence[Token], words: list[str], schema: Schema) -> Form:
    skipped = len(tokens) - len(words)
    for told in _MYSQL_TELLS:
        if words[: len(told)] == list(told):
            return _ended(tokens, skipped + len(told), _open_only(schema), schema)
    if words[:1] in (["columns"], ["fields"], ["index"], ["indexes"], ["keys"]) and len(words) > 2:
        if words[1] not in {"from", "in"}:
            raise _refused()
        parts, end = _name(tokens, skipped + 2)
        return _ended(tokens, end, Form("show", None, (_table(parts, schema),)), schema)
    if words[:2] in (["create", "table"], ["create", "view"]) and len(words) > 2:
        parts, end = _name(tokens, skipped + 2)
        return _ended(tokens, end, Form("show", None, (_table(parts, schema),)), schema)
    if words[:2] == ["create", "database"] and len(words) == 3 and _is_home(tokens[-1], schema):
        return _open_only(schema)
    asked = tokens[-1].value.strip("'\"").lower()
    if words[:2] == ["variables", "like"] and len(words) == 3 and asked in settings("mysql"):
        return Form("show", None)
    raise QueryRefused(
        "Of SHOW only TABLES, TABLE STATUS, COLUMNS, INDEX, CREATE TABLE, DATABASES and VARIABLES LIKE"
        " 'sql_mode' and the like are allowed, with LIKE '...' or WHERE name = '...' at the end.",
        rule="only reading",
    )


def _ended(tokens: Sequence[Token], end: int, form: Form, schema: Schema) -> Form:
    rest = tokens[end:]
    if len(rest) >= 2 and rest[0].lowered in {"from", "in"} and _is_home(rest[1], schema):
        rest = rest[2:]
    if rest and rest[-1].kind == "text" and _selects(rest):
        rest = []
    if rest:
        raise QueryRefused(
            "At the end of SHOW only LIKE '...' or WHERE name = '...' is allowed.", rule="only reading"
        )
    return form


def _selects(rest: Sequence[Token]) -> bool:
    """Whether it is `LIKE '...'`, or WHERE with one name compared with one text."""
    if len(rest) == 2:
        return rest[0].lowered == "like"
    compared = len(rest) == 4 and (rest[2].is_sign("=") or rest[2].lowered == "like")
    return compared and rest[0].lowered == "where" and rest[1].kind in {"word", "name"}


def _is_home(token: Token, schema: Schema) -> bool:
    return token.kind != "sign" and token.value.lower() == (schema.home or "").lower()


def _open_only(schema: Schema) -> Form:
    if not schema.open:
        raise QueryRefused("Use list_tables and describe_table for this.", rule="only reading")
    return Form("show", None)


def _pragma(tokens: Sequence[Token], schema: Schema) -> Form:
    rest = list(tokens[1:])
    if len(rest) > 2 and rest[0].value.lower() == "main" and rest[1].is_sign("."):
        rest = rest[2:]
    name = rest[0].lowered if rest else ""
    if not schema.open:
        raise QueryRefused("Use list_tables and describe_table for this.", rule="only reading")
    if name in PRAGMAS and len(rest) == 1:
        return Form("pragma", None)
    bracketed = len(rest) == 4 and rest[1].is_sign("(") and rest[3].is_sign(")")
    if name in PRAGMAS_ABOUT and bracketed and rest[2].kind != "sign":
        return Form("pragma", None)
    raise QueryRefused(
        "Of the PRAGMAs only those are allowed that tell something, such as table_info(orders), index_list,"
        " foreign_key_list, user_version; none with a value that it sets.",
        rule="only reading",
    )


def _name(tokens: Sequence[Token], place: int) -> tuple[list[str], int]:
    """The parts of the name at `place`, and where it ends."""
    parts: list[str] = []
    while place < len(tokens) and tokens[place].kind in {"word", "name"}:
        parts.append(tokens[place].value)
        place += 1
        if not (place < len(tokens) and tokens[place].is_sign(".")):
            break
        place += 1
    if not 1 <= len(parts) <= 2:
        raise _refused()
    return parts, place


def _table(parts: list[str], schema: Schema) -> Table:
    table = schema.table(parts[-1], parts[0] if len(parts) == 2 else None)
    if table is None:
        close = schema.tables_like(parts[-1])
        advice = f"Did you mean {' or '.join(map(repr, close))}?" if close else "Use list_tables."
        raise QueryRefused(f"There is no table {parts[-1][:60]!r}. {advice}", rule="known tables")
    if table.hides or not schema.open:
        raise QueryRefused(f"Use describe_table for {table.full_name!r}.", rule="only reading")
    return table


def _refused() -> QueryRefused:
    return QueryRefused(_ONLY_READING, rule="only reading")
