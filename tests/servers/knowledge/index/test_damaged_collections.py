"""Files of a collection that are lost, cut short or half saved: told, or made whole; never silently wrong."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from tao.models.embeddings import Embedder
from tao_servers.knowledge.document import Chunk, Document
from tao_servers.knowledge.index import (
    EmptyStoreError,
    Entry,
    Place,
    StoreError,
    open_collection,
    open_writer,
)
from tao_servers.knowledge.index.errors import DamagedIndexError
from tao_servers.knowledge.index.saving import SAVED_EVERY, undoable
from tao_servers.knowledge.index.vectors import open_chroma
from tao_servers.knowledge.ingesting.pipeline import Outcome
from tao_servers.knowledge.retrieving import Searcher

Fill = Callable[..., list[Outcome]]


@pytest.fixture
def filled(tmp_path: Path, fill: Fill, place: Place) -> Path:
    """The price list that is in the collection."""
    file = tmp_path / "价格表.txt"
    file.write_text("皮鞋: 399元\n凉鞋: 129元\n雨靴: 79元\n", encoding="utf-8")
    fill(file)
    return file


def first_of(place: Place, embedder: Embedder) -> str:
    with Searcher(place, embedder) as searcher:
        return searcher.search("凉鞋多少钱", 1)[0].text


def lose(place: Place, index: str) -> None:
    shutil.rmtree(place.folder / index)


@pytest.mark.parametrize("index", ["words", "vectors"])
def test_a_reader_is_told_of_a_lost_index(place: Place, embedder: Embedder, filled: Path, index: str) -> None:
    lose(place, index)
    with pytest.raises(DamagedIndexError, match=r"\. `tao-knowledge check --repair`"):
        first_of(place, embedder)


@pytest.mark.parametrize("index", ["words", "vectors"])
def test_a_look_at_a_lost_index_does_not_hide_that_it_is_empty(
    place: Place, embedder: Embedder, filled: Path, index: str
) -> None:
    lose(place, index)
    with open_writer(place, embedder) as writer:
        assert writer.check()
    with pytest.raises(DamagedIndexError, match="--repair"):
        first_of(place, embedder)


@pytest.mark.parametrize("index", ["words", "vectors"])
def test_the_writer_after_such_a_look_mends_even_if_it_has_nothing_to_write(
    place: Place, embedder: Embedder, fill: Fill, filled: Path, index: str
) -> None:
    lose(place, index)
    with open_writer(place, embedder) as writer:
        assert writer.check()
    assert [outcome.result for outcome in fill(filled)] == ["unchanged"]
    assert first_of(place, embedder) == "凉鞋: 129元"
    with open_writer(place, embedder) as writer:
        assert not writer.check()


@pytest.mark.parametrize("index", ["words", "vectors"])
def test_a_lost_index_is_mended_by_a_writer_that_writes(
    tmp_path: Path, place: Place, embedder: Embedder, fill: Fill, filled: Path, index: str
) -> None:
    lose(place, index)
    other = tmp_path / "notes.txt"
    other.write_text("会议室在三楼。", encoding="utf-8")
    fill(other)
    assert first_of(place, embedder) == "凉鞋: 129元"
    with open_writer(place, embedder) as writer:
        assert not writer.check()


def test_an_open_reader_sees_what_was_mended(place: Place, embedder: Embedder, filled: Path) -> None:
    with Searcher(place, embedder) as searcher:
        assert searcher.search("凉鞋多少钱", 1)
        lose(place, "words")
        with open_writer(place, embedder) as writer:
            writer.mend()
        assert searcher.search("凉鞋多少钱", 1)[0].text == "凉鞋: 129元"


def test_what_the_indexes_have_beyond_a_lost_catalogue_is_swept(
    place: Place, embedder: Embedder, fill: Fill, filled: Path
) -> None:
    place.catalogue.unlink()
    with pytest.raises(EmptyStoreError), open_collection(place, embedder):
        raise AssertionError
    filled.write_text("凉鞋: 139元\n", encoding="utf-8")
    fill(filled)
    assert first_of(place, embedder) == "凉鞋: 139元"
    with open_writer(place, embedder) as writer:
        assert not writer.check()


@pytest.mark.parametrize("size", [5000, 20_000])
def test_a_catalogue_that_is_cut_short_names_itself(
    place: Place, embedder: Embedder, filled: Path, size: int
) -> None:
    with place.catalogue.open("r+b") as file:
        file.truncate(size)
    for opened in (open_collection, open_writer):
        with (
            pytest.raises(StoreError, match=r"its catalogue is broken .*ingest again"),
            opened(place, embedder),
        ):
            raise AssertionError


def test_documents_that_could_not_be_written_are_swept_by_the_next_writer(
    place: Place, embedder: Embedder, filled: Path
) -> None:
    chunk = Chunk("a text", 0, 6, 1, 1)
    entry = Entry("/x.txt", "digest", "made", Document("a text"), [chunk])
    no_numbers = np.full((1, embedder.dimension), np.nan, dtype=np.float32)
    with open_writer(place, embedder) as writer:
        known = writer.sources()
        with pytest.raises(StoreError, match="not finite"):
            writer.put([entry], no_numbers)
    with open_writer(place, embedder) as writer:
        assert writer.sources() == known
        assert not writer.check()


class Killed(BaseException):
    """As if the process had ended here."""


@contextmanager
def killed_amid_a_save(folder: Path) -> Iterator[None]:
    try:
        with undoable(folder, changes=SAVED_EVERY):
            yield
            raise Killed
    except Killed:
        return


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A folder of vectors, which have been saved once."""
    rows = np.random.default_rng(0).normal(size=(SAVED_EVERY + 100, 8)).astype(np.float32)
    with open_chroma(tmp_path, "mine", write=True) as vectors:
        vectors.add(range(len(rows)), [0] * len(rows), rows)
        vectors.add(range(len(rows), len(rows) + 50), [1] * 50, rows[:50] * 2 + 1)
    return tmp_path


def cut(folder: Path, name: str) -> None:
    (file,) = folder.glob(f"*-*-*-*/{name}")
    with file.open("r+b") as opened:
        opened.truncate(file.stat().st_size // 2)


FILES = ["header.bin", "data_level0.bin", "length.bin", "link_lists.bin", "index_metadata.pickle"]


@pytest.mark.parametrize("name", FILES)
def test_vector_files_cut_short_are_told_before_they_are_used(saved: Path, name: str) -> None:
    cut(saved, name)
    for write in (False, True):
        with pytest.raises(DamagedIndexError, match="are broken"), open_chroma(saved, "mine", write=write):
            raise AssertionError


@pytest.mark.parametrize("name", FILES)
def test_a_save_that_was_cut_short_is_undone(saved: Path, name: str) -> None:
    with killed_amid_a_save(saved):
        cut(saved, name)
    with open_chroma(saved, "mine", write=False) as vectors:
        ids = sorted(vectors.ids())
        assert ids == list(range(SAVED_EVERY + 150))
        assert [vectors.nearest(row, 1)[0][0] for row in vectors.get(ids[::25])] == ids[::25]
    assert not list(saved.glob("before-saving*"))


def test_a_save_that_has_ended_well_is_not_undone(saved: Path) -> None:
    rows = np.random.default_rng(1).normal(size=(SAVED_EVERY, 8)).astype(np.float32)
    with killed_amid_a_save(saved), open_chroma(saved, "mine", write=True) as vectors:
        vectors.add(range(9000, 9000 + len(rows)), [2] * len(rows), rows)
    with open_chroma(saved, "mine", write=False) as vectors:
        assert vectors.count() == 2 * SAVED_EVERY + 150
        assert vectors.nearest(rows[7], 1)[0][0] == 9007


def test_files_too_large_to_be_copied_are_told_only_if_a_save_had_begun(saved: Path) -> None:
    (segment,) = saved.glob("*-*-*-*")
    with (segment / "large").open("wb") as file:
        file.truncate(200_000_000)
    with killed_amid_a_save(saved):
        assert segment.is_dir()
    with open_chroma(saved, "mine", write=False) as vectors:
        assert vectors.count() == SAVED_EVERY + 150
    with killed_amid_a_save(saved):
        (segment / "header.bin").touch()
    with pytest.raises(DamagedIndexError, match="while it saved"), open_chroma(saved, "mine", write=True):
        raise AssertionError
