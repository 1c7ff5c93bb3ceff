import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tao.errors import ModelError
from tao.models.embeddings import CachedEmbedder, Kind


class Counting:
    """Makes a vector of the length of a text, and keeps what it was given."""

    max_tokens = 512

    def __init__(self, name: str = "counting", dimension: int = 8) -> None:
        self.name, self.dimension = name, dimension
        self.given: list[str] = []

    def embed(self, texts: Sequence[str], *, kind: Kind = "passage") -> NDArray[np.float32]:
        self.given += texts
        rows = [[len(text), len(kind), *[1.0] * (self.dimension - 2)] for text in texts]
        vectors = np.array(rows, dtype=np.float32).reshape(-1, self.dimension)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        made: NDArray[np.float32] = vectors / lengths
        return made

    def count_tokens(self, text: str) -> int:
        return len(text)


def the_file(folder: Path) -> Path:
    (path,) = folder.glob("*.sqlite")
    return path


def test_a_passage_is_embedded_once_and_comes_back_the_same(tmp_path: Path) -> None:
    embedder = Counting()
    texts = ["皮鞋", "leather shoes", "", "皮鞋"]
    first = CachedEmbedder(embedder, tmp_path).embed(texts)
    again = CachedEmbedder(embedder, tmp_path).embed(texts)
    assert embedder.given == ["皮鞋", "leather shoes", ""]
    assert np.array_equal(first, again)
    assert np.array_equal(first, Counting().embed(texts))
    assert again.dtype == np.float32


def test_only_what_is_missing_is_embedded_and_the_order_is_kept(tmp_path: Path) -> None:
    embedder = Counting()
    cached = CachedEmbedder(embedder, tmp_path)
    cached.embed(["a", "bbb"])
    vectors = cached.embed(["cc", "bbb", "dddd", "a"])
    assert embedder.given == ["a", "bbb", "cc", "dddd"]
    assert np.array_equal(vectors, Counting().embed(["cc", "bbb", "dddd", "a"]))


def test_queries_are_not_kept(tmp_path: Path) -> None:
    embedder = Counting()
    cached = CachedEmbedder(embedder, tmp_path)
    assert np.array_equal(cached.embed(["a"], kind="query"), Counting().embed(["a"], kind="query"))
    cached.embed(["a"], kind="query")
    assert embedder.given == ["a", "a"]
    assert list(tmp_path.iterdir()) == []


def test_nothing_gives_nothing(tmp_path: Path) -> None:
    assert CachedEmbedder(Counting(), tmp_path).embed([]).shape == (0, 8)


def test_what_the_embedder_says_of_itself_is_passed_on(tmp_path: Path) -> None:
    cached = CachedEmbedder(Counting(), tmp_path)
    assert (cached.name, cached.dimension, cached.max_tokens) == ("counting", 8, 512)
    assert cached.count_tokens("皮鞋") == 2


@pytest.mark.parametrize("name", ["other", "Counting", "../counting", "组合/模型:1", "", "x" * 500])
def test_embedders_do_not_share_vectors(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "vectors"
    first, other = Counting(), Counting(name)
    CachedEmbedder(first, folder).embed(["a"])
    CachedEmbedder(other, folder).embed(["a"])
    assert other.given == ["a"]
    assert len(list(folder.glob("*.sqlite"))) == 2
    assert list(tmp_path.iterdir()) == [folder]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(st.characters(), max_size=5), max_size=30))
def test_any_texts_come_back_as_the_embedder_makes_them(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    cached = CachedEmbedder(Counting(), tmp_path_factory.mktemp("vectors"))
    for _ in range(2):
        assert np.array_equal(cached.embed(texts), Counting().embed(texts))


def test_texts_that_differ_in_half_a_character_are_two(tmp_path: Path) -> None:
    embedder = Counting()
    CachedEmbedder(embedder, tmp_path).embed(["\ud800", "\ud801", "?", "\x00"])
    assert len(embedder.given) == 4


def test_a_failure_loses_nothing_that_was_made_before_it(tmp_path: Path) -> None:
    class Failing(Counting):
        def embed(self, texts: Sequence[str], *, kind: Kind = "passage") -> NDArray[np.float32]:
            if "bad" in texts:
                raise ModelError("The endpoint is gone.")
            return super().embed(texts, kind=kind)

    texts = [str(number) for number in range(600)] + ["bad"]
    with pytest.raises(ModelError):
        CachedEmbedder(Failing(), tmp_path).embed(texts)
    embedder = Counting()
    CachedEmbedder(embedder, tmp_path).embed(texts)
    assert len(embedder.given) < 300


def test_more_texts_than_sqlite_takes_parameters_are_found(tmp_path: Path) -> None:
    embedder = Counting()
    texts = [str(number) for number in range(3000)]
    for _ in range(2):
        CachedEmbedder(embedder, tmp_path).embed(texts)
    assert len(embedder.given) == 3000


def test_the_oldest_go_when_the_file_is_full(tmp_path: Path) -> None:
    embedder = Counting(dimension=2048)
    cached = CachedEmbedder(embedder, tmp_path, max_mb=2)
    texts = [str(number) for number in range(1000)]
    for start in range(0, 1000, 50):
        cached.embed(texts[start : start + 50])
    size = sum(path.stat().st_size for path in tmp_path.iterdir())
    assert size < 8 * 2**20
    embedder.given.clear()
    cached.embed(texts[-50:])
    assert embedder.given == []
    cached.embed(texts[:50])
    assert embedder.given == texts[:50]


DAMAGE = [b"", b"\x00" * 5000, b"no database at all", b"SQLite format 3\x00" + b"\xff" * 8000]


@pytest.mark.parametrize("content", DAMAGE)
def test_a_damaged_file_is_set_aside_and_begun_anew(tmp_path: Path, content: bytes) -> None:
    CachedEmbedder(Counting(), tmp_path).embed(["a"])
    the_file(tmp_path).write_bytes(content)
    embedder = Counting()
    cached = CachedEmbedder(embedder, tmp_path)
    for _ in range(2):
        assert np.array_equal(cached.embed(["a"]), Counting().embed(["a"]))
    assert embedder.given == ["a"]


def test_damage_in_the_middle_of_a_file_costs_only_time(tmp_path: Path) -> None:
    texts = [str(number) for number in range(2000)]
    CachedEmbedder(Counting(), tmp_path).embed(texts)
    path = the_file(tmp_path)
    content = bytearray(path.read_bytes())
    content[4096 : len(content) // 2] = b"\x55" * (len(content) // 2 - 4096)
    path.write_bytes(content)
    embedder = Counting()
    for _ in range(2):
        vectors = CachedEmbedder(embedder, tmp_path).embed(texts)
        assert np.array_equal(vectors, Counting().embed(texts))
    assert len(embedder.given) <= 2000


@pytest.mark.parametrize("blob", [b"", b"\x00" * 32, b"\xff" * 32, b"\x01" * 31, "text", 5, 1.5])
def test_a_row_that_is_no_vector_is_made_again(tmp_path: Path, blob: object) -> None:
    CachedEmbedder(Counting(), tmp_path).embed(["a"])
    with closing(sqlite3.connect(the_file(tmp_path))) as database, database:
        database.execute("UPDATE vectors SET vector = ?", (blob,))
    embedder = Counting()
    for _ in range(2):
        vectors = CachedEmbedder(embedder, tmp_path).embed(["a"])
        assert np.array_equal(vectors, Counting().embed(["a"]))
    assert embedder.given == ["a"]


def test_a_database_of_another_form_is_set_aside(tmp_path: Path) -> None:
    CachedEmbedder(Counting(), tmp_path).embed(["a"])
    path = the_file(tmp_path)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("DROP TABLE vectors")
        database.execute("CREATE TABLE vectors (something TEXT)")
    embedder = Counting()
    cached = CachedEmbedder(embedder, tmp_path)
    for _ in range(2):
        cached.embed(["a"])
    assert embedder.given == ["a"]
    assert path.with_name(f"{path.name}.damaged").exists()


def test_where_nothing_can_be_written_it_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "vectors").write_text("a file, no folder", encoding="utf-8")
    cached = CachedEmbedder(Counting(), tmp_path / "vectors")
    for _ in range(2):
        assert np.array_equal(cached.embed(["a"]), Counting().embed(["a"]))


def test_many_threads_share_one(tmp_path: Path) -> None:
    cached = CachedEmbedder(Counting(), tmp_path)
    texts = [str(number) for number in range(200)]
    right: list[bool] = []

    def use() -> None:
        right.append(np.array_equal(cached.embed(texts), Counting().embed(texts)))

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert right == [True] * 8
