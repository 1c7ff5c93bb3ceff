"""Which statements the engine itself accepts: those that only read, and call nothing that looks outside.

The rules stand before this with a list of what is allowed; this names what DuckDB would not stop by itself.
"""

import json
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tao_servers.text2sql.errors import QueryFailed, QueryRefused

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["Accepted", "accept"]

_LONGEST = 1_000_000
_DRAWING = "\n\nLINE "
_KINDS = frozenset({"SELECT", "EXPLAIN", "MULTI"})
_READS = {
    "(", "desc", "describe", "explain", "from", "pivot", "pivot_longer", "pivot_wider", "select", "show",
    "summarize", "table", "unpivot", "values", "with",
}  # fmt: skip
_OPTIONS = frozenset({"analyze", "format", "verbose"})
# A WITH may have them in 2.0.
_WRITES = frozenset({"DELETE_QUERY_NODE", "INSERT_QUERY_NODE", "MERGE_QUERY_NODE", "UPDATE_QUERY_NODE"})
# Readers of files and of memory at a given address, SQL out of a text, what tells of the machine or of other
# sessions, what changes the state of the process, and waiting.
_OUTSIDE = re.compile(
    r"(?:read|parquet|sniff|python|pg_read|pandas|arrow)_.*|.*_scan(?:_.*)?|glob|query|query_table"
    r"|json_execute_serialized_sql|json_deserialize_sql|from_substrait.*|get_substrait.*|getenv|getvariable|setseed"
    r"|current_setting|current_query|duckdb_(?:secret|log|external|setting|variable|database|extension|temporary"
    r"|prepared|connection|memory|eviction).*|which_secret|pragma_(?!version$|table_info$|show$|collations$).*"
    r"|.*checkpoint|(?:enable|disable)_(?:logging|profiling).*|.*_external_resource.*|truncate_duckdb_logs"
    r"|write_log|nextval|currval|setval|sleep_ms|pg_sleep|test_all_types|test_vector_types|add_parquet_key"
)


@dataclass(frozen=True, slots=True)
class Accepted:
    """One statement that may run, without a semicolon; `planned` is what an EXPLAIN of it would explain.

    `wrappable` says that it can stand in brackets after FROM, `pivots` that its columns come from its rows.
    """

    sql: str
    planned: str
    wrappable: bool
    pivots: bool


def accept(connection: "DuckDBPyConnection", sql: str) -> Accepted:
    """The one statement in `sql`, without a semicolon at its end.

    Raises:
        QueryRefused: it is not one statement, or one that may do more than read.
        QueryFailed: DuckDB does not understand it.
    """
    if len(sql) > _LONGEST:
        raise QueryRefused(f"The statement has {len(sql):,} characters; shorten it.", rule="engine")
    kind = _kind(connection, sql)
    words = _words(sql)
    # A PIVOT may stand in a CREATE as well, and makes that the same kind.
    if words[0][1].lower() not in _READS:
        raise QueryRefused(f"The engine does not run {words[0][1].upper()}.", rule="engine")
    text = sql[words[0][0] : _end(words)]
    inner = sql[_explained(words) : _end(words)] if words[0][1].lower() == "explain" else text
    if inner is not text and _kind(connection, inner) == "EXPLAIN":
        raise QueryRefused("Only a SELECT may be explained.", rule="engine")
    _check_functions(connection, inner)
    return Accepted(text, inner, wrappable=inner is text, pivots=kind == "MULTI")


def _kind(connection: "DuckDBPyConnection", sql: str) -> str:
    import duckdb

    try:
        statements = connection.extract_statements(sql)
        kinds = [statement.type.name for statement in statements]
    except duckdb.Error as exc:
        raise QueryFailed(f"DuckDB could not run it: {str(exc).split(_DRAWING)[0][:500]}") from exc
    except (ValueError, RuntimeError) as exc:
        # A kind that this version of the package has no name for, or text that is no Unicode.
        raise QueryRefused("The engine runs one SELECT or EXPLAIN, not this.", rule="engine") from exc
    if not kinds:
        raise QueryFailed("There is no statement. Write one SELECT.")
    if len(kinds) > 1 or kinds[0] not in _KINDS:
        raise QueryRefused(
            f"The engine runs one SELECT or EXPLAIN, not {' and '.join(kinds)}."[:200], rule="engine"
        )
    if statements[0].named_parameters:
        raise QueryFailed("The statement has a placeholder; write the value itself.")
    return kinds[0]


def _check_functions(connection: "DuckDBPyConnection", sql: str) -> None:
    import duckdb

    try:
        called = _functions(connection, sql)
    except (RecursionError, ValueError, duckdb.Error) as exc:
        raise QueryRefused(f"The statement could not be examined: {str(exc)[:300]}", rule="engine") from exc
    if written := called & _WRITES:
        word = min(written).split("_")[0]
        raise QueryRefused(f"The engine does not run {word}, in a WITH either.", rule="engine")
    for name in sorted(called):
        if _OUTSIDE.fullmatch(name):
            raise QueryRefused(f"The function {name} looks outside of the tables.", rule="engine")


def _words(sql: str) -> list[tuple[int, str]]:
    """Where each token that is no comment begins, and its text."""
    import duckdb

    raw = sql.encode()
    tokens = duckdb.tokenize(sql)
    ends = [at for at, _ in tokens[1:]] + [len(raw)]
    words = []
    for (at, kind), end in zip(tokens, ends, strict=True):
        if kind != duckdb.token_type.comment:
            # Offsets are in bytes.
            words.append(
                (len(raw[:at].decode("utf-8", "replace")), raw[at:end].decode("utf-8", "replace").strip())
            )
    return words


def _end(words: list[tuple[int, str]]) -> int:
    last = len(words) - 1
    while last > 0 and words[last][1] == ";":
        last -= 1
    return words[last][0] + len(words[last][1])


def _explained(words: list[tuple[int, str]]) -> int:
    """Where the statement begins that an EXPLAIN is about."""
    lowered = [word.lower() for _, word in words] + ["", ""]
    at = 1
    # A SELECT may stand in brackets as well.
    if lowered[1] == "(" and lowered[2] in _OPTIONS and ")" in lowered:
        at = lowered.index(")") + 1
    while lowered[at] in _OPTIONS:
        at += 1
    return words[at][0] if at < len(words) else words[0][0]


def _functions(connection: "DuckDBPyConnection", sql: str) -> set[str]:
    """Every function that is called, by DuckDB's own reading of the statement, in lower case."""
    row = connection.cursor().execute("SELECT json_serialize_sql(CAST(? AS VARCHAR))", [sql]).fetchone()
    tree = json.loads(row[0]) if row else {"error": True}
    if not tree.get("error"):
        return set(_named(tree))
    # A PIVOT has no tree: every name before a bracket counts.
    words = [word for _, word in _words(sql)]
    return {before.strip('"').lower() for before, bracket in pairwise(words) if bracket.startswith("(")}


def _named(node: Any) -> list[str]:
    names: list[str] = []
    waiting = [node]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if isinstance(name := node.get("function_name"), str):
                names.append(name.lower())
            if isinstance(kind := node.get("type"), str) and kind in _WRITES:
                names.append(kind)
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
    return names
