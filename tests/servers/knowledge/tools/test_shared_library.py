import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from tao.models.embeddings import Embedder
from tao_servers.knowledge.index import Place
from tao_servers.knowledge.retrieving import Searcher
from tao_servers.knowledge.tools import Library

Shelve = Callable[..., list[str]]


class Counted(Searcher):
    """Knows how many are open now, and were at most."""

    now = most = 0
    lock = threading.Lock()

    def __enter__(self) -> "Counted":
        with Counted.lock:
            Counted.now += 1
            Counted.most = max(Counted.most, Counted.now)
        return self

    def __exit__(self, *details: object) -> None:
        with Counted.lock:
            Counted.now -= 1
        super().__exit__(*details)


@pytest.fixture(autouse=True)
def _from_zero() -> None:
    Counted.now = Counted.most = 0


def test_only_so_many_are_open_at_once_and_all_are_closed(
    shelve: Shelve, place: Place, embedder: Embedder
) -> None:
    names = [f"c{n}" for n in range(6)]
    for name in names:
        shelve({f"{name}.txt": f"zebra {name}\n"}, collection=name)

    def search(name: str) -> str:
        with library.searching(replace(place, name=name)) as searcher:
            return searcher.search("zebra", 1)[0].text

    with Library(place, lambda one: Counted(one, embedder), most_open=2) as library:
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(search, names * 4, timeout=60))
        assert Counted.now == 2
    assert found == [f"zebra {name}" for name in names] * 4
    assert (Counted.now, Counted.most) == (0, 2)


def test_a_searcher_is_used_again(shelve: Shelve, place: Place, embedder: Embedder) -> None:
    shelve({"a.txt": "zebra\n"})
    with Library(place, lambda one: Counted(one, embedder)) as library:
        with library.searching(place) as first:
            pass
        with library.searching(place) as second:
            pass
        assert first is second


def test_the_default_collection_comes_first(shelve: Shelve, library: Library) -> None:
    for name in ("zoo", "default", "财务", "a"):
        shelve({"a.txt": "zebra\n"}, collection=name)
    assert [place.name for place in library.places()] == ["default", "a", "zoo", "财务"]
