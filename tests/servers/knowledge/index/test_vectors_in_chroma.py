from pathlib import Path

import numpy as np
import pytest

from tao_servers.knowledge.index.errors import DamagedIndexError, EmptyStoreError, StoreError
from tao_servers.knowledge.index.vectors import ChromaServer, open_chroma, open_chroma_server

EYE = np.eye(4, dtype=np.float32)


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    with open_chroma(tmp_path / "向量", "价格表", write=True) as vectors:
        vectors.add([1, 2, 3], [1, 1, 2], EYE[:3])
    with open_chroma(tmp_path / "向量", "价格表", write=False) as vectors:
        assert [(id_, round(cosine, 4)) for id_, cosine in vectors.nearest(EYE[1], 1)] == [(2, 1.0)]
        assert (vectors.count(), sorted(vectors.ids())) == (3, [1, 2, 3])


@pytest.mark.parametrize("made", [False, True])
def test_a_reader_of_what_is_not_there_is_told(tmp_path: Path, made: bool) -> None:
    if made:
        with open_chroma(tmp_path, "other", write=True) as vectors:
            vectors.add([1], [1], EYE[:1])
    with pytest.raises(EmptyStoreError, match="no vectors"), open_chroma(tmp_path, "mine", write=False):
        raise AssertionError


def test_a_broken_database_is_told_with_its_folder(tmp_path: Path) -> None:
    (tmp_path / "chroma.sqlite3").write_bytes(b"no database" * 1000)
    with pytest.raises(DamagedIndexError, match=tmp_path.name), open_chroma(tmp_path, "mine", write=False):
        raise AssertionError


@pytest.mark.parametrize("name", ["header.bin", "data_level0.bin", "index_metadata.pickle"])
def test_lost_files_of_the_index_are_told(tmp_path: Path, name: str) -> None:
    rows = np.random.default_rng(0).normal(size=(1_500, 4)).astype(np.float32)
    with open_chroma(tmp_path, "mine", write=True) as vectors:
        vectors.add(range(1_500), [0] * 1_500, rows)
    (lost,) = tmp_path.rglob(name)
    lost.unlink()
    with pytest.raises(DamagedIndexError, match="broken"), open_chroma(tmp_path, "mine", write=True):
        raise AssertionError


def test_numbers_that_are_none_and_rows_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    with open_chroma(tmp_path, "mine", write=True) as vectors:
        with pytest.raises(ValueError, match="finite"):
            vectors.add([1], [1], np.full((1, 4), np.nan, dtype=np.float32))
        with pytest.raises(ValueError, match="2 ids, 1 documents and 4 vectors"):
            vectors.add([1, 2], [1], EYE)
        assert vectors.count() == 0


def test_vectors_of_another_length_are_refused(tmp_path: Path) -> None:
    with open_chroma(tmp_path, "mine", write=True) as vectors:
        vectors.add([1], [1], EYE[:1])
        with pytest.raises(StoreError, match="dimension"):
            vectors.add([2], [1], np.ones((1, 5), dtype=np.float32))


def test_a_chunk_unlike_thousands_of_others_is_found(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    common = chance.normal(size=64)
    rows = (common + 0.1 * chance.normal(size=(1_500, 64))).astype(np.float32)
    rows[700] = chance.normal(size=64) + 0.5 * common
    with open_chroma(tmp_path, "mine", write=True) as vectors:
        for start in range(0, len(rows), 250):
            vectors.add(range(start, start + 250), [0] * 250, rows[start : start + 250])
        assert vectors.nearest(rows[700], 1)[0][0] == 700


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:9", "cannot be reached"),
        ("127.0.0.1:8000", "no address"),
        ("http://127.0.0.1:port", "cannot be reached"),
        ("", "no address"),
    ],
)
def test_a_server_that_is_not_there_is_told_with_its_address(url: str, said: str) -> None:
    opening = open_chroma_server(ChromaServer(url, timeout=5), "mine", write=False)
    with pytest.raises(StoreError, match=said) as caught, opening:
        raise AssertionError
    assert url in str(caught.value)


def test_a_servers_secrets_are_not_shown() -> None:
    server = ChromaServer("http://me:secret@127.0.0.1:9", headers={"x-chroma-token": "hidden"})
    assert "hidden" not in repr(server)
    with pytest.raises(StoreError) as caught, open_chroma_server(server, "mine", write=False):
        raise AssertionError
    assert "secret" not in str(caught.value)
