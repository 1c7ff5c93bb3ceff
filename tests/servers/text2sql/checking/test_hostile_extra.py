"""Attacks that were thought up against the rules: each is refused by them alone."""

import tomllib
from pathlib import Path
from typing import cast, get_args

import pytest

from tao_servers.text2sql.checking import check
from tao_servers.text2sql.errors import QueryRefused
from tao_servers.text2sql.schema import Column, Dialect, Schema, Table

_CASES = tomllib.loads(Path(__file__).with_name("hostile_extra.toml").read_text(encoding="utf-8"))
_HOMES = {"sqlite": "main", "duckdb": "main", "postgres": "public", "mysql": "attacked"}


def _table(name: str, *columns: str, hides: bool = False) -> Table:
    types = {"id": "integer", "user_id": "integer", "total": "numeric"}
    return Table(name, tuple(Column(column, types.get(column, "text")) for column in columns), hides=hides)


def _schema(dialect: Dialect, *, hides: bool = False) -> Schema:
    return Schema(
        (
            _table("orders", "id", "user_id", "total"),
            _table("t", "id"),
            # `password` is its last column, `stake` that of links.
            _table("users", "id", "name", "email", "status", hides=hides),
            _table("links", "id", "name", hides=hides),
        ),
        dialect,
        _HOMES[dialect],
        open=not hides,
    )


def _statements(kind: str) -> list[tuple[Dialect, str]]:
    return [
        (cast(Dialect, dialect), sql)
        for dialect, table in _CASES.items()
        for sql in table[kind]
        if dialect in get_args(Dialect)
    ]


@pytest.mark.parametrize(("dialect", "sql"), _statements("attacks"))
def test_an_attack_is_refused_by_the_rules_alone(dialect: Dialect, sql: str) -> None:
    with pytest.raises(QueryRefused):
        check(sql, _schema(dialect))


@pytest.mark.parametrize(("dialect", "sql"), _statements("hidden"))
def test_nothing_of_a_hidden_column_can_be_asked_for(dialect: Dialect, sql: str) -> None:
    with pytest.raises(QueryRefused) as caught:
        check(sql, _schema(dialect, hides=True))
    # What the statement itself says may be repeated; more of the table must not be told.
    for hidden in ("password", "stake"):
        assert hidden in sql.lower() or hidden not in str(caught.value).lower()
