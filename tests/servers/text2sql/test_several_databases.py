import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tao_servers.text2sql.database import Database
from tao_servers.text2sql.tools import Databases
from tests.support.sql_server import called, data_of, database_at, size_of, text_of


@pytest.fixture
def staff(tmp_path: Path) -> Path:
    path = tmp_path / "staff.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT)")
        connection.execute("INSERT INTO people VALUES (1, 'Guo Fei')")
        connection.commit()
    return path


def both(shop: Path, staff: Path) -> Databases:
    return Databases([database_at(shop), database_at(staff)])


async def test_all_databases_are_listed_with_what_they_speak(shop: Path, staff: Path) -> None:
    reply = await called(both(shop, staff), "list_tables")
    assert text_of(reply).splitlines()[0] == "Database shop, SQLite:"
    assert "Database staff, SQLite:\npeople (1 rows): id, name" in text_of(reply)
    assert [one["name"] for one in data_of(reply)["databases"]] == ["shop", "staff"]
    assert {table["database"] for table in data_of(reply)["tables"]} == {"shop", "staff"}


async def test_one_of_them_is_listed_alone(shop: Path, staff: Path) -> None:
    data = data_of(await called(both(shop, staff), "list_tables", database="staff"))
    assert [table["name"] for table in data["tables"]] == ["people"]


async def test_one_that_cannot_be_read_does_not_hide_the_others(shop: Path, tmp_path: Path) -> None:
    databases = Databases([database_at(shop), database_at(tmp_path / "gone.sqlite")])
    reply = await called(databases, "list_tables")
    assert "orders (订单, 5432 rows)" in text_of(reply)
    assert "Database gone cannot be read: " in text_of(reply)
    assert "does not exist" in data_of(reply)["databases"][1]["problem"]


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("run_sql", {"sql": "SELECT name FROM people"}),
        ("check_sql", {"sql": "SELECT nam FROM people"}),
        ("describe_table", {"table": "people"}),
        ("find_values", {"text": "Guo", "table": "people"}),
    ],
)
async def test_the_only_one_that_has_the_tables_is_taken(
    shop: Path, staff: Path, tool: str, arguments: dict[str, str]
) -> None:
    gone = database_at(staff.with_name("gone.sqlite"))
    databases = Databases([database_at(shop), database_at(staff), gone])
    reply = await called(databases, tool, **arguments)
    assert not reply.is_error, text_of(reply)
    assert "name" in text_of(reply)


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("run_sql", {"sql": "SELECT 1"}),
        ("run_sql", {"sql": "SELECT * FROM nowhere"}),
        ("check_sql", {"sql": "SELECT 1"}),
        ("describe_table", {"table": "nowhere"}),
        ("find_values", {"text": "Guo"}),
    ],
)
async def test_among_several_one_has_to_be_named(
    shop: Path, staff: Path, tool: str, arguments: dict[str, str]
) -> None:
    reply = await called(both(shop, staff), tool, **arguments)
    assert reply.is_error
    assert "Say which database: shop, staff." in text_of(reply)
    wrong = await called(both(shop, staff), tool, **arguments, database="staf")
    assert "Did you mean 'staff'?" in text_of(wrong)
    named = await called(both(shop, staff), tool, **arguments, database="staff")
    assert "which database" not in text_of(named)


async def test_a_single_database_may_be_called_anything(staff: Path) -> None:
    reply = await called(
        Databases([database_at(staff)]), "run_sql", sql="SELECT name FROM people", database="main"
    )
    assert data_of(reply)["rows"] == [["Guo Fei"]]


async def test_a_kind_that_is_not_known_is_told_without_the_password() -> None:
    databases = Databases([Database("x", "oracle://u:secret@h/d")])
    reply = await called(databases, "list_tables")
    assert reply.is_error
    assert "postgresql://USER@HOST/NAME" in text_of(reply)
    assert "secret" not in text_of(reply)


async def test_many_databases_of_many_tables_stay_short(tmp_path: Path) -> None:
    databases = []
    for number in range(12):
        path = tmp_path / f"d{number}.sqlite"
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(
                "BEGIN;"
                + "".join(f"CREATE TABLE a_long_name_of_a_table_{n} (id, name);" for n in range(60))
                + "COMMIT;"
            )
        databases.append(database_at(path))
    reply = await called(Databases(databases), "list_tables")
    assert size_of(reply) < 8000
    assert "more tables are not shown" in text_of(reply)
    assert len(data_of(reply)["databases"]) == 12
