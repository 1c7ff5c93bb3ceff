"""The same behaviour of vectors in a folder and on a real Chroma server; `chroma` comes with chromadb."""

import http.server
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tao.models.embeddings import Kind
from tao_servers.knowledge.document import Chunk, Document
from tao_servers.knowledge.index import Entry, Place, open_writer
from tao_servers.knowledge.index.errors import EmptyStoreError, StoreError
from tao_servers.knowledge.index.vectors import ChromaServer, Vectors, open_chroma, open_chroma_server

pytestmark = pytest.mark.real

Open = Callable[..., AbstractContextManager[Vectors]]
EYE = np.eye(8, dtype=np.float32)
_START_SECONDS = 60


def free_port() -> int:
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def await_answer(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            threading.Event().wait(0.1)
        else:
            return
    pytest.fail(f"chroma run did not answer on port {port}")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Chroma server of our own."""
    folder, port = tmp_path_factory.mktemp("chroma"), free_port()
    command = [Path(sys.executable).parent / "chroma", "run", "--path", folder / "data"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*map(str, command), "--host", "127.0.0.1", "--port", str(port)], stdout=log, stderr=log
        )
        try:
            await_answer(process, port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


@pytest.fixture(params=["folder", "server"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    """Opens vectors by a name that no other test has."""
    if request.param == "folder":
        return lambda write, name="价格表": open_chroma(tmp_path, name, write=write)
    server = ChromaServer(request.getfixturevalue("address"))
    return lambda write, name="价格表": open_chroma_server(server, f"{tmp_path}|{name}", write=write)


def test_what_was_written_is_found_and_read_again(opened: Open) -> None:
    with opened(write=True) as vectors:
        assert (vectors.count(), list(vectors.ids()), vectors.nearest(EYE[0], 3)) == (0, [], [])
        vectors.add([1, 2, 3, 4], [1, 1, 2, 3], EYE[:4])
    with opened(write=False) as vectors:
        assert (vectors.count(), sorted(vectors.ids())) == (4, [1, 2, 3, 4])
        nearest = vectors.nearest(EYE[0] + 0.5 * EYE[2], 2)
        assert [id_ for id_, _ in nearest] == [1, 3]
        assert nearest[0][1] == pytest.approx(1 / 1.25**0.5, abs=1e-4)
        assert np.allclose(vectors.get([3, 99, 1]), [EYE[2], 0 * EYE[0], EYE[0]])
        assert sorted(vectors.have([4, 5, 1])) == [1, 4]


def test_a_search_can_be_kept_to_some_documents(opened: Open) -> None:
    with opened(write=True) as vectors:
        vectors.add([1, 2, 3], [10, 20, 30], EYE[:3])
        assert [id_ for id_, _ in vectors.nearest(EYE[0], 9, documents={20, 30})] in ([2, 3], [3, 2])
        assert vectors.nearest(EYE[0], 9, documents=range(20, 20_000))[:1] != []
        assert vectors.nearest(EYE[0], 9, documents=[]) == []


def test_an_added_id_replaces_and_a_deleted_one_is_gone(opened: Open) -> None:
    with opened(write=True) as vectors:
        vectors.add([1, 2], [1, 1], EYE[:2])
        vectors.add([2], [1], EYE[5:6])
        vectors.delete([1, 77])
        assert (list(vectors.ids()), [id_ for id_, _ in vectors.nearest(EYE[5], 5)]) == ([2], [2])
        assert np.allclose(vectors.get([2]), EYE[5])


def test_more_than_chroma_takes_at_once_is_cut_into_batches(opened: Open) -> None:
    chance = np.random.default_rng(0)
    rows = chance.normal(size=(12_000, 8)).astype(np.float32)
    with opened(write=True) as vectors:
        vectors.add(range(12_000), [id_ // 10 for id_ in range(12_000)], rows)
        assert sorted(vectors.ids()) == list(range(12_000))
        assert len(vectors.have(range(20_000))) == 12_000
        assert np.allclose(vectors.get(range(12_000)), rows)
        vectors.delete(range(11_000))
        assert sorted(vectors.ids()) == list(range(11_000, 12_000))


def test_a_reader_of_what_is_not_there_is_told(opened: Open) -> None:
    with pytest.raises(EmptyStoreError, match="no vectors"), opened(write=False, name="nobody made it"):
        raise AssertionError


def test_collections_are_kept_apart(opened: Open) -> None:
    with opened(write=True, name="one") as one, opened(write=True, name="other") as other:
        one.add([1], [1], EYE[:1])
        assert (one.count(), other.count()) == (1, 0)


def test_a_tenant_or_database_that_the_server_lacks_is_named(address: str) -> None:
    for server in (ChromaServer(address, tenant="nobody"), ChromaServer(address, database="nothing")):
        opening = open_chroma_server(server, "mine", write=True)
        with pytest.raises(StoreError, match="has no database") as caught, opening:
            raise AssertionError
        assert address in str(caught.value)


def test_two_processes_may_write_to_a_server(address: str) -> None:
    script = (
        "import sys, numpy as np\n"
        "from tao_servers.knowledge.index.vectors import ChromaServer, open_chroma_server\n"
        "first = int(sys.argv[2])\n"
        "with open_chroma_server(ChromaServer(sys.argv[1]), 'shared', write=True) as vectors:\n"
        "    for n in range(first, first + 20):\n"
        "        vectors.add([n], [n], np.eye(32, dtype='f4')[n % 32][None])\n"
    )
    children = [subprocess.Popen([sys.executable, "-c", script, address, str(first)]) for first in (0, 100)]
    assert [child.wait(120) for child in children] == [0, 0]
    with open_chroma_server(ChromaServer(address), "shared", write=False) as vectors:
        assert vectors.count() == 40


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """Something that answers every request alike, and is no Chroma."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, b"<html>hello</html>", "no Chroma server"),
        (404, b"", "no Chroma server"),
        (401, b"who are you", "refuses you"),
        (403, b'{"error": "ChromaError", "message": "Forbidden"}', "refuses you"),
        (500, b"out of order", "out of order"),
        (200, b'{"nanosecond heartbeat": 1}', "failed"),
    ],
)
def test_what_is_no_working_chroma_server_is_told(status: int, body: bytes, said: str) -> None:
    with answering(status, body) as url:
        opening = open_chroma_server(ChromaServer(url, timeout=10), "mine", write=True)
        with pytest.raises(StoreError, match=said) as caught, opening:
            raise AssertionError
    assert url in str(caught.value)


def test_a_server_that_says_nothing_is_given_up() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        server = ChromaServer(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.3)
        opening = open_chroma_server(server, "mine", write=True)
        with pytest.raises(StoreError, match="did not answer within"), opening:
            raise AssertionError


class Constant:
    """All texts are alike."""

    name, dimension, max_tokens = "constant", 8, 512

    def embed(self, texts: Sequence[str], *, kind: Kind = "passage") -> NDArray[np.float32]:
        return np.ones((len(texts), 8), np.float32)

    def count_tokens(self, text: str) -> int:
        return len(text)


def test_stores_with_collections_of_one_name_share_no_vectors(address: str, tmp_path: Path) -> None:
    embedder, name = Constant(), str(tmp_path)
    stores = [Place(tmp_path / store, name, ChromaServer(address)) for store in ("one", "other")]
    for place in stores:
        chunk = Chunk("text", 0, 4, 1, 1)
        entry = Entry("/a.txt", "digest", "made", Document("text"), [chunk])
        with open_writer(place, embedder) as writer:
            writer.put([entry], embedder.embed(["text"]))
    with open_writer(stores[1], embedder) as writer:
        writer.remove([source.id for source in writer.sources()])
    with open_writer(stores[0], embedder) as writer:
        assert not writer.check()
