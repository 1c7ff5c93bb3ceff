"""The example shop and a small database with what the shop lacks."""

import runpy
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shop_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shop") / "shop.sqlite"
    examples = Path(__file__).parents[3] / "examples"
    runpy.run_path(str(examples / "make_shop.py"))["make_shop"](path)
    shutil.copy(examples / "shop.yaml", path.with_suffix(".yaml"))
    return path


@pytest.fixture
def shop(shop_template: Path, tmp_path: Path) -> Path:
    """The shop with its comments, in a folder of its own."""
    shutil.copy(shop_template.with_suffix(".yaml"), tmp_path / "shop.yaml")
    return Path(shutil.copy(shop_template, tmp_path / "shop.sqlite"))


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """Quoted names, JSON, NULLs, blobs, long and broken texts, a view, a full-text index."""
    path = tmp_path / "odd.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            """
            CREATE TABLE "订单 明细" (
                id INTEGER PRIMARY KEY, "商品 名称" TEXT, tags TEXT, photo BLOB, price REAL);
            INSERT INTO "订单 明细" VALUES (1, '铅笔|红
            色', '["红", "木"]', x'0001', 0.1 + 0.2), (2, NULL, '[]', NULL, 9e999);
            CREATE TABLE texts (body TEXT);
            INSERT INTO texts VALUES (cast(x'ff41' AS TEXT));
            CREATE VIEW cheap AS SELECT id FROM "订单 明细" WHERE price < 5;
            CREATE VIEW broken AS SELECT * FROM gone;
            CREATE VIEW secrets AS SELECT name, sql FROM sqlite_master;
            CREATE VIRTUAL TABLE notes USING fts5(body);
            INSERT INTO notes VALUES ('hello world');
            """
        )
        connection.executemany("INSERT INTO texts VALUES (?)", [(f"{n} " + "长" * 5_000,) for n in range(40)])
        connection.commit()
    return path
