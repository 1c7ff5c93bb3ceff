from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tao.models.embeddings import Embedder
from tao_servers.knowledge.database import EmptyStoreError, StoreError
from tao_servers.knowledge.ingest import Outcome, path_text
from tao_servers.knowledge.search import Searcher
from tao_servers.knowledge.split import Passage
from tao_servers.knowledge.store import open_store, revision

Fill = Callable[..., list[Outcome]]


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def texts(folder: Path, embedder: Embedder, query: str, top_k: int = 20) -> list[str]:
    with Searcher(folder, embedder) as searcher:
        return [match.text for match in searcher.search(query, top_k)]


def test_a_passage_is_found_with_its_file_and_line(
    tmp_path: Path, folder: Path, fill: Fill, embedder: Embedder
) -> None:
    prices = write(tmp_path / "价格表.txt", "凉鞋: 129元", "", "皮鞋: 399元")
    fill(prices)
    with Searcher(folder, embedder) as searcher:
        best = searcher.search("皮鞋: 399元", 1)[0]
    assert (best.text, best.source, best.path, best.line) == ("皮鞋: 399元", "价格表.txt", str(prices), 3)
    assert best.score == pytest.approx(1, abs=0.001)


def test_a_second_ingest_changes_nothing(tmp_path: Path, folder: Path, fill: Fill) -> None:
    prices = write(tmp_path / "a.txt", "皮鞋: 399元")
    assert [outcome.result for outcome in fill(prices)] == ["read"]
    before = revision(folder)
    assert [outcome.result for outcome in fill(prices)] == ["unchanged"]
    assert revision(folder) == before


def test_a_changed_document_replaces_its_old_self_completely(
    tmp_path: Path, folder: Path, fill: Fill, embedder: Embedder
) -> None:
    prices = write(tmp_path / "a.txt", "皮鞋: 399元", "凉鞋: 129元")
    fill(prices)
    write(prices, "皮鞋: 299元")
    assert [outcome.result for outcome in fill(prices)] == ["changed"]
    assert texts(folder, embedder, "皮鞋") == ["皮鞋: 299元"]


def test_an_emptied_document_is_refused_and_forgotten(
    tmp_path: Path, folder: Path, fill: Fill, embedder: Embedder
) -> None:
    prices = write(tmp_path / "a.txt", "皮鞋: 399元")
    fill(prices)
    write(prices, " ")
    assert [outcome.reason for outcome in fill(prices)] == ["there is no text in it"]
    with pytest.raises(EmptyStoreError):
        texts(folder, embedder, "皮鞋")


def test_one_bad_file_does_not_stop_the_rest(tmp_path: Path, fill: Fill) -> None:
    bad = tmp_path / "a.txt"
    bad.write_bytes(b"\x00\x01")
    good = write(tmp_path / "b.txt", "皮鞋: 399元")
    assert [outcome.result for outcome in fill(bad, good)] == ["refused", "read"]


def test_the_same_text_in_two_places_is_shown_once(
    tmp_path: Path, folder: Path, fill: Fill, embedder: Embedder
) -> None:
    fill(
        write(tmp_path / "a.txt", *["皮鞋: 399元"] * 60, "凉鞋: 129元"),
        write(tmp_path / "b.txt", "皮鞋: 399元"),
    )
    assert texts(folder, embedder, "皮鞋", 5) == ["皮鞋: 399元", "凉鞋: 129元"]


def test_a_removed_document_is_found_no_longer(
    tmp_path: Path, folder: Path, fill: Fill, embedder: Embedder
) -> None:
    one, other = write(tmp_path / "a.txt", "皮鞋: 399元"), write(tmp_path / "b.txt", "凉鞋: 129元")
    fill(one, other)
    with Searcher(folder, embedder) as searcher:
        assert len(searcher.search("鞋")) == 2
        with open_store(folder, embedder, write=True) as store:
            assert store.remove(path_text(one)) == 1
            assert store.remove(path_text(one)) == 0
        assert [match.text for match in searcher.search("鞋")] == ["凉鞋: 129元"]


class Interrupted:
    """Breaks off, as Ctrl-C would, at a text."""

    def __init__(self, embedder: Embedder, at: str) -> None:
        self.name, self.dimension = embedder.name, embedder.dimension
        self._embedder, self._at = embedder, at

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        if self._at in texts:
            raise KeyboardInterrupt
        return self._embedder.embed(texts)


def goods(mark: str) -> list[Passage]:
    return [Passage(f"{mark}{number}", number + 1, number + 1) for number in range(600)]


def test_an_interrupted_document_leaves_the_old_one_whole(folder: Path, embedder: Embedder) -> None:
    with open_store(folder, Interrupted(embedder, "新500"), write=True) as store:
        store.put("/a.txt", "1", goods("旧"), progress=lambda _: None)
        with pytest.raises(KeyboardInterrupt):
            store.put("/a.txt", "2", goods("新"), progress=lambda _: None)
        assert store.has("/a.txt", "1")
        assert not store.has("/a.txt", "2")
    found = texts(folder, embedder, "新1")
    assert all(text.startswith("旧") for text in found)


def test_a_half_written_document_is_not_shown_and_is_redone(folder: Path, embedder: Embedder) -> None:
    with open_store(folder, embedder, write=True) as store:
        store.put("/a.txt", "1", goods("甲"), progress=lambda _: None)
        store.put("/b.txt", "1", goods("乙"), progress=lambda _: None)
        # What a process leaves that dies in the middle: the passages without the head.
        head = next(source.key for source in store.sources() if source.path == "/b.txt") + "-0"
        store._collection.delete(ids=[head])
    with open_store(folder, embedder) as store:
        assert [source.path for source in store.sources()] == ["/a.txt"]
        assert not store.has("/b.txt", "1")
    assert all(text.startswith("甲") for text in texts(folder, embedder, "乙1乙2乙3"))
    with open_store(folder, embedder, write=True) as store:
        assert store._collection.count() == 600


def test_another_embedder_is_refused_by_both_names(
    tmp_path: Path, folder: Path, fill: Fill, embedder: Embedder
) -> None:
    fill(write(tmp_path / "a.txt", "皮鞋: 399元"))
    other = Interrupted(embedder, "")
    other.name = "other"
    for writing in (False, True):
        with pytest.raises(StoreError, match=r"'bigrams'.*'other'"), open_store(folder, other, write=writing):
            pass


def test_a_second_writer_is_told_to_wait(folder: Path, embedder: Embedder) -> None:
    with (
        open_store(folder, embedder, write=True),
        pytest.raises(StoreError, match="Another process is writing"),
        open_store(folder, embedder, write=True),
    ):
        pass


def test_looking_for_a_store_makes_no_folder(folder: Path, embedder: Embedder) -> None:
    with Searcher(folder, embedder) as searcher:
        searcher.warm()
        with pytest.raises(EmptyStoreError):
            searcher.search("皮鞋")
    assert not folder.exists()


def test_a_damaged_store_says_what_to_do(folder: Path, embedder: Embedder) -> None:
    folder.mkdir()
    (folder / "chroma.sqlite3").write_bytes(b"this is no database, whatever its name" * 200)
    for writing in (False, True):
        with (
            pytest.raises(StoreError, match="delete that folder"),
            open_store(folder, embedder, write=writing),
        ):
            pass


def test_a_store_under_a_file_is_refused(tmp_path: Path, embedder: Embedder) -> None:
    write(tmp_path / "file", "x")
    with (
        pytest.raises(StoreError, match="cannot be used"),
        open_store(tmp_path / "file" / "store", embedder, write=True),
    ):
        pass


def test_a_file_name_that_is_no_utf_8_is_taken_in(tmp_path: Path, fill: Fill) -> None:
    path = tmp_path / "caf\udce9.txt"
    try:
        path.write_text("皮鞋: 399元", encoding="utf-8")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    (outcome,) = fill(path)
    assert outcome.result == "read"
    assert outcome.path.endswith(r"caf\xe9.txt")
