import runpy
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tao_servers.text2sql.comments import load_comments
from tao_servers.text2sql.database import Database
from tao_servers.text2sql.source import Source


@pytest.fixture
def make(repository: Path) -> Callable[..., None]:
    main = runpy.run_path(str(repository / "examples" / "make_shop.py"))["main"]
    return lambda *arguments: main([str(argument) for argument in arguments])


def test_every_table_and_column_of_the_shop_has_a_chinese_comment(shop: Path) -> None:
    schema = Source(Database("shop", str(shop))).schema()
    comments = load_comments(shop.with_suffix(".yaml"))
    assert all(table.comment for table in schema.tables)
    assert all(column.comment for table in schema.tables for column in table.columns)
    assert len(comments.columns) == sum(len(table.columns) for table in schema.tables)


def test_the_shop_is_sound_and_has_what_the_documentation_asks_for(shop: Path) -> None:
    with closing(sqlite3.connect(shop)) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        prices = dict(connection.execute("SELECT name, price FROM products").fetchall())
        years = connection.execute(
            "SELECT DISTINCT substr(ordered_at, 1, 4) FROM orders ORDER BY 1"
        ).fetchall()
        wrong = """SELECT count(*) FROM orders o WHERE abs(total - (
            SELECT sum(quantity * unit_price) FROM order_items WHERE order_id = o.id)) > 0.001"""
        assert connection.execute(wrong).fetchone() == (0,)
    assert len(prices) == 300
    assert prices["iPhone 15 Pro Max"] == 7999
    assert prices["儿童安全座椅"] == 699
    assert years == [("2023",), ("2024",), ("2025",)]


def test_the_shop_is_the_same_on_every_run(make: Callable[..., None], shop: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.sqlite"
    make(again)
    assert again.read_bytes() == shop.read_bytes()
    assert not list(tmp_path.glob("*.part"))


def test_a_complete_shop_is_left_alone_and_an_incomplete_one_made_again(
    make: Callable[..., None], tmp_path: Path
) -> None:
    path = tmp_path / "shop.sqlite"
    path.write_bytes(b"half a database")
    make(path)
    made = path.read_bytes()
    assert len(made) > 100_000
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE products SET price = 1 WHERE id = 1")
        connection.commit()
    changed = path.read_bytes()
    make(path)
    assert path.read_bytes() == changed
    make(path, "--force")
    assert path.read_bytes() == made


def test_a_folder_that_is_not_there_is_named(make: Callable[..., None], tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="cannot be written: No such file"):
        make(tmp_path / "gone" / "shop.sqlite")
