import json
import logging
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st

from tao.models.embeddings import Kind
from tao.settings import data_dir
from tao_servers.text2sql.errors import QueryRefused, SetupError
from tao_servers.text2sql.examples import Example, ExampleStore, default_folder
from tests.support.concepts import BrokenEmbedder, Concepts
from tests.support.shop_schemas import shop_schema

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHOP = shop_schema("sqlite")
COUNT = "SELECT count(*) FROM orders"
CITIES = "SELECT city FROM customers"


class Counting(Concepts):
    """Keeps what it was asked for."""

    def embed(self, texts: Sequence[str], *, kind: Kind = "passage") -> "NDArray[np.float32]":
        self.embedded += texts
        return super().embed(texts, kind=kind)


def file_in(folder: Path) -> Path:
    (path,) = folder.glob("*.jsonl")
    return path


def questions(found: Sequence[Example]) -> list[str]:
    return [example.question for example in found]


def test_what_is_added_is_listed_by_database(tmp_path: Path) -> None:
    store = ExampleStore(tmp_path / "new" / "folder")
    assert store.list() == {}
    assert store.add("中国 高校/2024", "有多少订单？", f" {COUNT}\n")
    assert store.add("shop", "Which cities?", CITIES)
    expected = {
        "shop": (Example("Which cities?", CITIES),),
        "中国 高校/2024": (Example("有多少订单？", COUNT),),
    }
    assert store.list() == ExampleStore(tmp_path / "new" / "folder").list() == expected
    assert store.list("shop") == {"shop": expected["shop"]}
    assert store.list("other") == {}


def test_the_same_pair_is_kept_once_and_a_new_statement_replaces_the_old_one(tmp_path: Path) -> None:
    store = ExampleStore(tmp_path)
    assert store.add("shop", "How many orders?", "SELECT 1")
    assert store.add("shop", "Which cities?", CITIES)
    assert not store.add("shop", "How many orders?", "SELECT 1")
    assert not store.add("shop", " how many  ORDERS ", "SELECT 1")
    assert store.add("shop", "how many orders", COUNT)
    assert store.list()["shop"] == (Example("how many orders", COUNT), Example("Which cities?", CITIES))


def test_a_question_is_forgotten_however_it_is_written(tmp_path: Path) -> None:
    store = ExampleStore(tmp_path)
    assert not store.remove("shop", "有多少订单")
    store.add("shop", "有多少订单？", COUNT)
    assert not store.remove("shop", "有多少客户？")
    assert not store.remove("other", "有多少订单？")
    assert store.remove("shop", "有多少订单")
    assert store.list() == {}


@pytest.mark.parametrize(
    "pair", [("", COUNT), ("？ ", COUNT), ("q", " \n"), ("q" * 2_001, COUNT), ("q\ud800", COUNT)]
)
def test_what_is_no_pair_is_refused(tmp_path: Path, pair: tuple[str, str]) -> None:
    store = ExampleStore(tmp_path)
    with pytest.raises(QueryRefused):
        store.add("shop", *pair)
    assert store.list() == {}


def test_names_that_differ_in_anything_have_files_of_their_own(tmp_path: Path) -> None:
    store = ExampleStore(tmp_path)
    names = ["shop", "Shop", "../shop", "con", "商店", "商 店", "", "x" * 500, ".", "a\x00b"]
    for name in names:
        store.add(name, f"about {name!r}"[:200], "SELECT 1")
    assert set(store.list()) == set(names)
    assert len(list(tmp_path.glob("*.jsonl"))) == len(names)


def test_damaged_lines_are_told_and_never_lost(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    ExampleStore(tmp_path).add("shop", "有多少订单？", COUNT)
    path = file_in(tmp_path)
    damaged = [
        b'{"question": "half',
        b"\xff\xfe\x00",
        b'["no", "object"]',
        b'{"question": "q", "sql": 3}',
        b"[" * 9_999,
    ]
    by_hand = b'{"question": "by hand", "sql": "SELECT 2", "note": "mine"}'
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes() + b"\r\n".join([*damaged, b"", by_hand]))
    store = ExampleStore(tmp_path)
    assert questions(store.list()["shop"]) == ["有多少订单？", "by hand"]
    (warning,) = [record.getMessage() for record in caplog.records]
    assert str(path) in warning
    assert "line 2, 3, 4, 5, 6 " in warning
    assert store.add("shop", "Which cities?", CITIES)
    assert store.remove("shop", "有多少订单？")
    content = path.read_bytes()
    assert all(line in content for line in [*damaged, by_hand])
    assert questions(store.list()["shop"]) == ["by hand", "Which cities?"]


def test_a_file_of_another_encoding_loses_nothing(tmp_path: Path) -> None:
    store = ExampleStore(tmp_path)
    store.add("shop", "q", "SELECT 1")
    path = file_in(tmp_path)
    for encoding in ("gb18030", "utf-16"):
        old = '{"question": "有多少订单", "sql": "SELECT 1"}\r\n'.encode(encoding)
        path.write_bytes(old)
        store.add("shop", "new", "SELECT 2")
        assert path.read_bytes().startswith(old)
        assert questions(store.list("shop")["shop"]) == ["new"]


def test_what_another_process_adds_is_seen(tmp_path: Path) -> None:
    ours, theirs = ExampleStore(tmp_path), ExampleStore(tmp_path)
    ours.add("shop", "a question", "SELECT 1")
    assert questions(theirs.list()["shop"]) == ["a question"]
    ours.add("shop", "another one", "SELECT 2")
    assert questions(theirs.list()["shop"]) == ["a question", "another one"]
    assert theirs.nearest("shop", "another one", 1, SHOP) == [Example("another one", "SELECT 2")]


def test_many_threads_add_at_once_and_nothing_is_lost(tmp_path: Path) -> None:
    stores = [ExampleStore(tmp_path), ExampleStore(tmp_path)]

    def add(number: int) -> None:
        stores[number % 2].add("shop", f"question {number}", "SELECT 1")
        stores[number % 2].nearest("shop", f"question {number}", 3, SHOP)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(add, range(40)))
    assert len(stores[0].list()["shop"]) == 40
    assert not list(tmp_path.glob("*.new"))


@pytest.mark.real
def test_two_processes_add_at_once_and_nothing_is_lost(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from tao_servers.text2sql.examples import ExampleStore\n"
        "store = ExampleStore(pathlib.Path(sys.argv[1]))\n"
        "for n in range(30): store.add('shop', f'{sys.argv[2]} {n}', 'SELECT 1')"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), name]) for name in ("a", "b")]
    assert [process.wait(60) for process in both] == [0, 0]
    assert len(ExampleStore(tmp_path).list()["shop"]) == 60


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(SetupError, match=r"examples' cannot be used|cannot be used"):
        ExampleStore(tmp_path / "file" / "examples").add("shop", "q", "SELECT 1")


def test_a_file_that_cannot_be_read_costs_the_examples_only(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = ExampleStore(tmp_path)
    store.add("shop", "q", "SELECT 1")
    path = file_in(tmp_path)
    path.unlink()
    path.mkdir()
    assert store.nearest("shop", "q", 3, SHOP) == []
    assert str(path) in caplog.text
    with pytest.raises(SetupError):
        store.list()


def test_readers_do_not_wait_for_who_holds_the_lock(tmp_path: Path) -> None:
    store = ExampleStore(tmp_path)
    store.add("shop", "q", "SELECT 1")
    with FileLock(file_in(tmp_path).with_suffix(".lock")):
        assert store.nearest("shop", "q", 1, SHOP)
        assert store.list()


def test_the_very_same_question_comes_first_then_the_likest(tmp_path: Path) -> None:
    store = ExampleStore(tmp_path)
    store.add("shop", "How many orders per city are there?", "SELECT 1")
    store.add("shop", "How many orders are there?", COUNT)
    store.add("shop", "How many orders of each status are there", "SELECT 3")
    found = store.nearest("shop", "how many orders are there", 2, SHOP)
    assert questions(found) == ["How many orders are there?", "How many orders per city are there?"]
    assert store.nearest("shop", "how many orders are there", 0, SHOP) == []
    assert store.nearest("other", "how many orders are there", 3, SHOP) == []


def test_an_unlike_example_is_not_given(tmp_path: Path) -> None:
    store = ExampleStore(tmp_path, embedder=Concepts("orders 订单", "cities 城市"))
    store.add("shop", "各城市", CITIES)
    store.add("shop", "有多少订单", COUNT)
    assert questions(store.nearest("shop", "list the orders", 3, SHOP)) == ["有多少订单"]
    assert store.nearest("shop", "and the weather", 3, SHOP) == []


def test_words_do_where_the_embedder_fails(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = ExampleStore(tmp_path, embedder=BrokenEmbedder("orders"))
    store.add("shop", "上个月有多少订单", COUNT)
    store.add("shop", "客户的城市", CITIES)
    for _ in range(2):
        assert questions(store.nearest("shop", "今年订单有多少？", 3, SHOP)) == ["上个月有多少订单"]
    assert len([record for record in caplog.records if record.levelno == logging.WARNING]) == 1


def test_values_do_not_make_questions_alike(tmp_path: Path) -> None:
    embedder = Counting("orders 订单")
    store = ExampleStore(tmp_path, embedder=embedder)
    store.add("shop", "2024年3月超过三万元的订单，客户是“张三”", COUNT)
    store.nearest("shop", "Orders of 'Ann' above 1,200.50 since 2023-01-05", 3, SHOP)
    asked, stored = embedder.embedded
    for value in ("2024", "3月", "三万", "张三", "Ann", "200", "2023", "01"):
        assert value not in asked + stored


def test_a_stored_question_is_embedded_once(tmp_path: Path) -> None:
    embedder = Counting("orders")
    store = ExampleStore(tmp_path, embedder=embedder)
    store.add("shop", "orders here", COUNT)
    store.nearest("shop", "orders there", 3, SHOP)
    store.add("shop", "orders elsewhere", COUNT)
    store.nearest("shop", "orders anywhere", 3, SHOP)
    assert embedder.embedded == ["orders there", "orders here", "orders anywhere", "orders elsewhere"]


def test_an_example_that_no_longer_fits_the_schema_is_left_out(tmp_path: Path) -> None:
    store = ExampleStore(tmp_path)
    store.add("shop", "How many orders?", "SELECT count(*) FROM orders_of_last_year")
    store.add("shop", "How many orders now?", COUNT)
    store.add("shop", "How many orders were there?", "DELETE FROM orders")
    store.add("shop", "Phone numbers of those with how many orders", "SELECT phone FROM customers")
    found = store.nearest("shop", "How many orders?", 4, shop_schema("sqlite", hides=True))
    assert found == [Example("How many orders now?", COUNT)]


def test_the_functions_that_a_database_allows_are_allowed_here(tmp_path: Path) -> None:
    store = ExampleStore(tmp_path)
    store.add("shop", "How many orders?", "SELECT my_count(id) FROM orders")
    assert store.nearest("shop", "How many orders?", 1, SHOP) == []
    assert store.nearest("shop", "How many orders?", 1, SHOP, functions=["my_count"])


def test_the_default_folder_is_in_the_users_data() -> None:
    assert default_folder() == data_dir() / "text2sql" / "examples"


@given(question=st.text(max_size=80), sql=st.text(max_size=80), asked=st.text(max_size=80))
@settings(max_examples=60, deadline=None)
def test_any_text_is_kept_as_it_is_or_refused(
    tmp_path_factory: pytest.TempPathFactory, question: str, sql: str, asked: str
) -> None:
    store = ExampleStore(tmp_path_factory.mktemp("examples"))
    try:
        store.add(question, question, sql)
    except QueryRefused:
        return
    assert store.list() == {question: (Example(" ".join(question.split()), sql.strip()),)}
    store.nearest(question, asked, 3, SHOP)
    assert store.remove(question, question)


def test_the_file_is_readable_by_people(tmp_path: Path) -> None:
    ExampleStore(tmp_path).add("商店", "有多少订单？", "SELECT count(*)\nFROM orders")
    text = file_in(tmp_path).read_text(encoding="utf-8")
    assert json.loads(text) == {
        "database": "商店",
        "question": "有多少订单？",
        "sql": "SELECT count(*)\nFROM orders",
    }
    assert "有多少订单" in text
    assert file_in(tmp_path).name.startswith("商店-")
