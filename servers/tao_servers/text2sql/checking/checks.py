"""The two ways to ask the rules; sqlglot is loaded by the first question."""

from collections.abc import Collection
from types import ModuleType

from tao_servers.text2sql.checking.result import Checked, Problem
from tao_servers.text2sql.errors import QueryRefused, SetupError
from tao_servers.text2sql.schema import Schema

__all__ = ["RULES", "check", "problems"]

RULES = (
    "length",
    "text",
    "comments",
    "syntax",
    "one statement",
    "only reading",
    "no parameters",
    "known syntax",
    "known functions",
    "known types",
    "short formats",
    "short trims",
    "short values",
    "small when written out",
    "known tables",
    "known columns",
    "hidden columns",
)

_MOST_PROBLEMS = 10


def check(sql: str, schema: Schema, functions: Collection[str] = ()) -> Checked:
    """Let a statement pass, or say why not. `functions` are further ones that it may call.

    Raises:
        QueryRefused: by the first rule that it breaks, with what to write instead.
    """
    statement, found = _judged(sql, schema, functions)
    for rule in RULES:
        for problem in found:
            if problem.rule == rule:
                raise QueryRefused(problem.text, rule=rule)
    return statement


def problems(sql: str, schema: Schema, functions: Collection[str] = ()) -> tuple[Problem, ...]:
    """What the rules have against it, each once; only one where the statement could not be read at all."""
    try:
        found = _judged(sql, schema, functions)[1]
    except QueryRefused as exc:
        return (Problem(exc.rule, str(exc)),)
    return tuple(sorted(dict.fromkeys(found), key=lambda problem: RULES.index(problem.rule)))[:_MOST_PROBLEMS]


def _judged(sql: str, schema: Schema, functions: Collection[str]) -> tuple[Checked, list[Problem]]:
    judge: tuple[Checked, list[Problem]] = _rules().judge(sql, schema, functions)
    return judge


def _rules() -> ModuleType:
    try:
        from tao_servers.text2sql.checking import rules
    except ModuleNotFoundError as exc:
        raise SetupError("To check SQL: pip install 'tao-agent[text2sql]'") from exc
    return rules
