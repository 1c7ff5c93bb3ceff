from typing import Any

import pytest

from tao_servers.text2sql.access import Access
from tao_servers.text2sql.database import Database
from tao_servers.text2sql.schema import Column, Schema, Table

SCHEMA = Schema(
    (
        Table("users", (Column("id", "int", primary_key=True), Column("Password", "text"))),
        Table("orders", (Column("id", "int"), Column("user_id", "int", references="users.id"))),
        Table("staff", (Column("boss", "int", references="hr.staff.id"), Column("id", "int")), schema="hr"),
    ),
    home="public",
)


def narrowed(**options: Any) -> Schema:
    return Access(Database("x", "x.sqlite", **options)).narrowed(SCHEMA)


def names(schema: Schema) -> list[str]:
    return [table.full_name for table in schema.tables]


def test_without_patterns_all_is_open() -> None:
    assert names(narrowed()) == ["users", "orders", "hr.staff"]
    assert narrowed().open


@pytest.mark.parametrize(
    ("options", "left"),
    [
        ({"schemas": ("hr",)}, ["hr.staff"]),
        ({"schemas": ("PUBLIC",)}, ["users", "orders"]),
        ({"tables": ("Orders",)}, ["orders"]),
        ({"tables": ("public.*",)}, ["users", "orders"]),
        ({"tables": ("hr.staff", "o*")}, ["orders", "hr.staff"]),
        ({"schemas": ("public",), "tables": ("*s",)}, ["users", "orders"]),
        ({"tables": ("nothing",)}, []),
    ],
)
def test_only_what_the_patterns_name_is_left(options: dict[str, Any], left: list[str]) -> None:
    assert names(narrowed(**options)) == left
    assert not narrowed(**options).open


@pytest.mark.parametrize("pattern", ["users.password", "*.PASSWORD", "password", "public.users.pass*"])
def test_a_hidden_column_is_gone_and_the_table_knows_it(pattern: str) -> None:
    users = narrowed(hidden=(pattern,)).table("users")
    assert users is not None
    assert [column.name for column in users.columns] == ["id"]
    assert users.hides


def test_a_reference_to_what_is_not_shown_is_gone_too() -> None:
    for schema in (narrowed(tables=("orders",)), narrowed(hidden=("users.id",))):
        orders = schema.table("orders")
        assert orders is not None
        assert orders.columns[1].references is None
    staff = narrowed(hidden=("*.password",)).table("hr.staff")
    assert staff is not None
    assert staff.columns[0].references == "hr.staff.id"
