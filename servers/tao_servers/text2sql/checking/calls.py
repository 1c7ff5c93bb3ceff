"""Only functions of the lists may be called, wherever a call can stand.

Seen twice: in the words, where what stands before a bracket must be a function of the list, a keyword, or a
name that the statement itself gives to something with columns; and in the tree, which knows what is in FROM.

This module imports sqlglot.
"""

from collections.abc import Sequence
from difflib import get_close_matches

from sqlglot import exp

from tao_servers.text2sql.checking.lexing import Token
from tao_servers.text2sql.checking.statement import Statement, called
from tao_servers.text2sql.functions import in_from, scalar, settings, telling
from tao_servers.text2sql.functions.postgres import OPERATORS
from tao_servers.text2sql.schema import Dialect

__all__ = ["unknown_call", "unknown_operator"]

# Keywords that a bracket may follow.
_KEYWORDS = """
    all and any array as asc of percent repeatable between both by case collate columns cross cube desc
    distinct div else end escape except exclude exists filter first following for from full group groups
    having ilike in inner intersect interval is isnull join lateral leading left like limit materialized
    next not notnull offset on only or order outer over partition passing pivot placing preceding qualify
    range regexp replace returning right rlike rollup row rows select sets similar some straight_join then
    to trailing union unpivot using values when where window with within xor glob match recursive separator
    sample bernoulli system reservoir tablesample operator rename if struct map enum list use force ignore
    key index nested zone
"""
# Types that take a length, and calls with a syntax of their own.
_TYPES = """
    binary bit blob bpchar char character datetime dec decimal double enum fixed float int integer interval
    bigint mediumint national nchar number numeric nvarchar real signed smallint text time timestamp
    timestamptz timetz tinyint unsigned varbinary varbit varchar varying vector year cast convert extract
    overlay position substring trim try_cast xmltable json_table
"""
_LANGUAGE = frozenset(f"{_KEYWORDS} {_TYPES}".split())
# What the parser takes for a call though it is none.
_LIKE_CALLS = {"all", "any", "array", "row", "some"}
_DATES = {
    *("curdate", "date_add", "date_format", "date_part", "date_sub", "date_trunc", "dateadd", "datediff"),
    *("datetime", "day", "extract", "from_unixtime", "getdate", "julianday", "month", "now", "str_to_date"),
    *("strftime", "sysdate", "timestampdiff", "to_char", "to_date", "unix_timestamp", "year"),
}
# What other databases call it: of the second, those are told that this one has.
_ELSEWHERE = {
    **dict.fromkeys(("ifnull", "isnull", "nvl", "zn"), ("coalesce",)),
    **dict.fromkeys(("group_concat", "listagg", "string_agg", "wm_concat"), ("string_agg", "group_concat")),
    **dict.fromkeys(("charindex", "instr", "locate", "strpos"), ("strpos", "instr", "locate")),
    **dict.fromkeys(("left", "mid", "right"), ("substr",)),
    **dict.fromkeys(("json_extract_path_text", "json_value", "get_json_object"), ("json_extract",)),
    **{"len": ("length",), "rand": ("random",), "random": ("rand",), "substring_index": ("split_part",)},
    **{
        "array_agg": ("json_group_array", "json_arrayagg"),
        "to_number": ("cast",),
        "median": ("percentile_cont",),
    },
}
_INSTEAD: dict[Dialect, str] = {
    "sqlite": "SQLite has strftime('%Y-%m', column), date('now') and julianday(column) for dates.",
    "postgres": "PostgreSQL has to_char(column, 'YYYY-MM'), date_trunc('month', column) and now() for dates.",
    "mysql": "MySQL has DATE_FORMAT(column, '%Y-%m'), DATEDIFF(a, b) and NOW() for dates.",
    "duckdb": "DuckDB has strftime(column, '%Y-%m'), date_trunc('month', column) and now() for dates.",
}


def unknown_call(statement: Statement) -> str | None:
    """What is wrong with the first call that is not allowed."""
    return _in_the_words(statement) or _in_the_tree(statement)


def _in_the_words(statement: Statement) -> str | None:
    identifiers = (node for node in statement.nodes if isinstance(node, exp.Identifier))
    named = {node.meta.get("start") for node in identifiers if _names(node)}
    tokens = statement.tokens
    for place, token in enumerate(tokens[1:], start=1):
        if not token.is_sign("(") or tokens[place - 1].kind not in {"word", "name"}:
            continue
        before = tokens[place - 1]
        if before.start not in named:
            problem = _call_refused(before, _qualifier(tokens, place - 1), statement)
            if problem:
                return problem
    return None


def _names(node: exp.Identifier) -> bool:
    """Whether it is the name of something with columns in brackets: `WITH x(a)`, `FROM t AS x(a)`."""
    parent = node.parent
    return isinstance(parent, exp.TableAlias) and parent.this is node and bool(parent.args.get("columns"))


def _qualifier(tokens: Sequence[Token], place: int) -> str | None:
    """What stands before the dot of a name; None without one, "" when it is no single name."""
    if place < 2 or not tokens[place - 1].is_sign("."):
        return None
    single = place < 3 or not tokens[place - 3].is_sign(".")
    return tokens[place - 2].value if single and tokens[place - 2].kind in {"word", "name"} else ""


def _call_refused(token: Token, qualifier: str | None, statement: Statement) -> str | None:
    dialect, name = statement.dialect, _ascii_lower(token.value)
    if qualifier is not None:
        if f"{qualifier}.{name}".lower() in statement.functions:
            return None
        # In DuckDB `name.upper()` is a call; `main.upper(name)` cannot be told from it.
        if dialect != "duckdb" and not (dialect == "postgres" and qualifier == "pg_catalog"):
            return f"The function {name[:60]!r} of {qualifier[:60]!r} is not available."
    elif token.kind == "word" and name in _LANGUAGE:
        return None
    return _refused(name, statement)


def _refused(name: str, statement: Statement) -> str | None:
    dialect = statement.dialect
    if name in scalar(dialect) or name in in_from(dialect) or name in statement.functions:
        return None
    if name in telling(dialect):
        return None if statement.schema.open else f"{name}: use list_tables and describe_table instead."
    return f"The function {name[:60]!r} is not available. {_instead(name, dialect)}"


def _in_the_tree(statement: Statement) -> str | None:
    in_rows = {id(call) for call in _called_in_from(statement.nodes)}
    dialect = statement.dialect
    tables = (in_from(dialect).keys() | telling(dialect).keys()) if dialect != "postgres" else frozenset()
    for name, call in statement.calls:
        if _is_own(call, name, statement) or (isinstance(call.this, str) and name in _LIKE_CALLS):
            continue
        problem = _refused(name, statement)
        if problem:
            return problem
        if dialect == "postgres":
            continue
        if id(call) in in_rows and name not in tables:
            return f"The function {name[:60]!r} is not available in FROM."
        if id(call) not in in_rows and name in tables - scalar(dialect):
            return f"The function {name[:60]!r} is available only in FROM."
    return _setting_refused(statement)


def _is_own(call: exp.Anonymous, name: str, statement: Statement) -> bool:
    """Whether the settings name the function as one that may be called."""
    schema = call.parent.this if isinstance(call.parent, exp.Dot) and call.arg_key == "expression" else None
    qualified = f"{schema.name}.{name}".lower() if isinstance(schema, exp.Identifier) else name
    return name in statement.functions or qualified in statement.functions


def _called_in_from(nodes: Sequence[exp.Expr]) -> list[exp.Expr]:
    holders = (node for node in nodes if isinstance(node, exp.Table | exp.Lateral))
    return [node.this for node in holders if isinstance(node.this, exp.Func)]


def _setting_refused(statement: Statement) -> str | None:
    for _, call in statement.calls:
        if called(call) == "current_setting":
            first = call.expressions[0] if call.expressions else None
            if first is None or not first.is_string or first.name.lower() not in settings(statement.dialect):
                return (
                    "current_setting tells only of 'search_path', 'timezone', 'server_version' and the like."
                )
    for node in statement.nodes:
        if isinstance(node, exp.SessionParameter) and _parameter(node) not in settings(statement.dialect):
            return f"The variable @@{_parameter(node)[:60]} is not available."
    return None


def _parameter(node: exp.SessionParameter) -> str:
    name = node.name.lower()
    return name.rpartition(".")[2] if name.startswith(("session.", "global.")) else name


def unknown_operator(statement: Statement) -> str | None:
    """What is wrong with the first operator that PostgreSQL has not built in: others are calls, too."""
    if statement.dialect in {"mysql", "sqlite"}:
        return _of_postgres(statement)
    if statement.dialect != "postgres":
        return None
    for place, token in enumerate(statement.tokens):
        if token.lowered == "operator" and statement.tokens[place + 1 : place + 2]:
            named = [one.value for one in statement.tokens[place + 1 : place + 4]]
            if named[0] == "(" and named[1:] != ["pg_catalog", "."]:
                return "Write operators without OPERATOR(...), or as OPERATOR(pg_catalog.+)."
    for run in _runs(statement.tokens):
        if run not in OPERATORS:
            return f"The operator {run[:20]!r} is not understood here; put spaces between operators."
    return None


def _of_postgres(statement: Statement) -> str | None:
    if any(isinstance(node, exp.ILike) for node in statement.nodes):
        return "There is no ILIKE here; write lower(column) LIKE '...'."
    pairs = zip(statement.tokens, statement.tokens[1:], strict=False)
    if any(one.is_sign(":") and other.is_sign(":") for one, other in pairs):
        return "There is no :: here; write CAST(column AS type)."
    return None


def _runs(tokens: Sequence[Token]) -> list[str]:
    """Operators as PostgreSQL puts them together out of signs that touch."""
    runs: list[list[Token]] = []
    for token in tokens:
        if token.kind != "sign" or token.value not in "+-*/<>=~!@#%^&|?":
            continue
        if runs and runs[-1][-1].end == token.start:
            runs[-1].append(token)
        else:
            runs.append([token])
    found: list[str] = []
    for run in runs:
        text = "".join(token.value for token in run)
        # A plus or minus at the end is one of its own, unless a sign that only operators have comes before.
        while len(text) > 1 and text[-1] in "+-" and not any(sign in text[:-1] for sign in "~!@#%^&|?"):
            text = text[:-1]
        found.append(text)
    return found


def _instead(name: str, dialect: Dialect) -> str:
    if name in _DATES:
        return _INSTEAD[dialect]
    if name == "top":
        return "Write LIMIT 10 at the end."
    if name in {"decode", "if", "iif"}:
        return "Write CASE WHEN ... THEN ... ELSE ... END."
    same = [one for one in _ELSEWHERE.get(name, ()) if one in scalar(dialect)]
    if same:
        return f"Write {same[0]}(...) instead."
    close = get_close_matches(name[:60], scalar(dialect), n=2, cutoff=0.8)
    if close:
        return f"Did you mean {' or '.join(close)}?"
    return "Use the database's own functions for text, numbers, dates, JSON, aggregates and windows."


def _ascii_lower(name: str) -> str:
    return "".join(character.lower() if character.isascii() else character for character in name)
