"""A collection gets the strong embedder's vectors while it is searched and written to."""

import shutil
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tao.errors import ConfigError, ModelError
from tao_servers.knowledge.index import Place, StoreError, open_collection, open_writer, standing
from tao_servers.knowledge.ingesting.upgrading import Ending, UpgradeWatcher, upgrade
from tests.support.two_speeds import PairsEmbedder, a_document, fill_collection

FAST = PairsEmbedder("fast")
CITIES = ["北京的秋天最美", "上海靠海", "Oslo lies on a fjord", "Bergen is rainy"]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "store", "城市")


class Noting(UpgradeWatcher):
    """Keeps what it is told; `then` is called each time."""

    def __init__(self, then: Callable[[], None] = lambda: None) -> None:
        self.seen: list[tuple[int, int]] = []
        self.waited = 0
        self.then = then

    def progress(self, done: int, total: int) -> None:
        self.seen.append((done, total))
        self.then()

    def waiting(self) -> None:
        self.waited += 1
        self.then()


def run(
    place: Place,
    strong: PairsEmbedder,
    *,
    watcher: UpgradeWatcher | None = None,
    stop: threading.Event | None = None,
) -> Ending:
    return upgrade(place, FAST, strong, watcher=watcher or UpgradeWatcher(), stop=stop or threading.Event())


def numbered(count: int, word: str = "line") -> list[str]:
    return [f"{word} {number} of many" for number in range(count)]


def searched_with(place: Place, strong: PairsEmbedder) -> str:
    with open_collection(place, FAST, strong=strong) as collection:
        return collection.embedder.name


def best(place: Place, strong: PairsEmbedder, query: str) -> str:
    """The text that search finds, by whichever vectors it uses now."""
    with open_collection(place, FAST, strong=strong) as collection:
        vector = collection.embedder.embed([query], kind="query")[0]
        ids = [id_ for id_, _ in collection.nearest(vector, 5)]
        found = collection.passages(ids)
        return next(found[id_].chunk.text for id_ in ids if id_ in found)


def revision(place: Place) -> str:
    with open_collection(place, FAST) as collection:
        return collection.catalogue.revision


def test_search_uses_the_strong_vectors_once_all_documents_have_them(place: Place) -> None:
    strong = PairsEmbedder("strong", dimension=96)
    fill_collection(place, FAST, a_document("a.txt", *CITIES[:2]), a_document("b.txt", *CITIES[2:]))
    assert searched_with(place, strong) == "fast"
    assert best(place, strong, "Oslo fjord") == "Oslo lies on a fjord"
    watcher = Noting()
    assert run(place, strong, watcher=watcher) == "upgraded"
    assert searched_with(place, strong) == "strong"
    assert best(place, strong, "Oslo fjord") == "Oslo lies on a fjord"
    assert best(place, strong, "北京的秋天") == "北京的秋天最美"
    assert watcher.seen[-1] == (4, 4)
    assert standing(place.catalogue).totals.upgraded == 4
    assert standing(place.catalogue).strong == "strong"


def test_the_newest_documents_come_first(place: Place) -> None:
    strong = PairsEmbedder("strong")
    fill_collection(place, FAST, *(a_document(f"{name}.txt", name * 20) for name in "abc"))
    run(place, strong)
    assert strong.passages == ["c" * 20, "b" * 20, "a" * 20]


def test_what_is_upgraded_is_not_embedded_again(place: Place) -> None:
    fill_collection(place, FAST, a_document("a.txt", *CITIES))
    run(place, PairsEmbedder("strong"))
    again = PairsEmbedder("strong")
    assert run(place, again) == "upgraded"
    assert again.passages == []
    fill_collection(place, FAST, a_document("b.txt", "new"))
    assert searched_with(place, again) == "fast"
    assert run(place, again) == "upgraded"
    assert again.passages == ["new"]
    assert searched_with(place, again) == "strong"


def test_a_stop_keeps_what_was_embedded_and_the_next_run_goes_on_there(place: Place) -> None:
    texts = numbered(100)
    fill_collection(place, FAST, a_document("large.txt", *texts))
    stop = threading.Event()
    first = PairsEmbedder("strong")
    assert run(place, first, watcher=Noting(stop.set), stop=stop) == "stopped"
    assert 0 < len(first.passages) < 100
    assert searched_with(place, first) == "fast"
    second = PairsEmbedder("strong")
    assert run(place, second) == "upgraded"
    assert sorted(first.passages + second.passages) == sorted(texts)
    assert best(place, second, "line 77 of many") == "line 77 of many"


def test_an_embedder_that_fails_loses_no_more_than_its_batch(place: Place) -> None:
    texts = numbered(300)
    fill_collection(place, FAST, a_document("large.txt", *texts))
    failing = PairsEmbedder("strong")

    def fail_late(_: Sequence[str]) -> None:
        if len(failing.passages) >= 100:
            raise ModelError("The endpoint went away.")

    failing.before = fail_late
    with pytest.raises(ModelError, match="went away"):
        run(place, failing)
    second = PairsEmbedder("strong")
    assert run(place, second) == "upgraded"
    # The first batch has 32 passages, and was written before the second was embedded.
    assert len(second.passages) <= 300 - 32
    assert set(failing.passages) | set(second.passages) == set(texts)


def test_readers_need_not_open_the_collection_anew_before_the_last_document_is_upgraded(
    place: Place,
) -> None:
    fill_collection(place, FAST, *(a_document(f"{n}.txt", *numbered(40, f"word{n}")) for n in range(4)))
    with open_writer(place, FAST) as writer:
        writer.begin_upgrade("strong")
    before = revision(place)
    revisions: list[str] = []
    run(place, PairsEmbedder("strong", before=lambda _: revisions.append(revision(place))))
    assert set(revisions) == {before}
    assert revision(place) != before


def test_an_ingest_comes_in_between_and_is_upgraded_too(place: Place) -> None:
    strong = PairsEmbedder("strong")
    fill_collection(place, FAST, a_document("large.txt", *numbered(100)))
    written: list[str] = []

    def ingest_once(_: Sequence[str]) -> None:
        if not written:
            written.append("late.txt")
            fill_collection(place, FAST, a_document("late.txt", "written while it was upgraded"))

    strong.before = ingest_once
    assert run(place, strong) == "upgraded"
    assert "written while it was upgraded" in strong.passages
    # It is newer, and so before most of the large one.
    assert strong.passages.index("written while it was upgraded") < 99
    assert best(place, strong, "written while it was upgraded") == "written while it was upgraded"


def test_a_document_that_is_replaced_or_removed_meanwhile_leaves_no_vectors(place: Place) -> None:
    strong = PairsEmbedder("strong")
    fill_collection(place, FAST, a_document("a.txt", "old words"), a_document("b.txt", "to be removed"))
    changed: list[bool] = []

    def change_once(_: Sequence[str]) -> None:
        if not changed:
            changed.append(True)
            fill_collection(place, FAST, a_document("a.txt", "new words"))
            with open_writer(place, FAST) as writer:
                writer.remove([source.id for source in writer.sources() if source.source == "b.txt"])

    strong.before = change_once
    assert run(place, strong) == "upgraded"
    with open_writer(place, FAST) as writer:
        assert not writer.check()
    assert best(place, strong, "old words") == "new words"


def test_it_waits_while_another_process_writes_and_can_be_stopped_then(place: Place) -> None:
    fill_collection(place, FAST, a_document("a.txt", "x y z"))
    stop = threading.Event()
    strong = PairsEmbedder("strong")
    watcher = Noting(stop.set)
    with open_writer(place, FAST):
        assert run(place, strong, watcher=watcher, stop=stop) == "stopped"
    assert watcher.waited == 1
    assert strong.passages == []


def test_a_collection_that_is_deleted_meanwhile_ends_it_and_is_not_made_again(place: Place) -> None:
    fill_collection(place, FAST, a_document("a.txt", *numbered(100)))
    strong = PairsEmbedder("strong", before=lambda _: shutil.rmtree(place.folder, ignore_errors=True))
    assert run(place, strong) == "gone"
    assert not place.folder.exists()
    assert run(place, strong) == "gone"


def test_another_strong_embedder_takes_over_from_the_first(place: Place) -> None:
    first, second = PairsEmbedder("first", dimension=32), PairsEmbedder("second", dimension=48)
    fill_collection(place, FAST, a_document("a.txt", *CITIES))
    run(place, first)
    run(place, second)
    assert len(second.passages) == 4
    assert searched_with(place, second) == "second"
    assert searched_with(place, first) == "fast"
    assert best(place, second, "Oslo fjord") == "Oslo lies on a fjord"
    assert len(list((place.folder / "vectors").iterdir())) == 2
    third = PairsEmbedder("first", dimension=32)
    run(place, third)
    assert len(third.passages) == 4
    assert best(place, third, "Bergen rainy") == "Bergen is rainy"


def test_repetitions_are_embedded_once(place: Place) -> None:
    strong = PairsEmbedder("strong")
    fill_collection(place, FAST, a_document("a.txt", *["the same"] * 50, "another"))
    assert run(place, strong) == "upgraded"
    assert sorted(strong.passages) == ["another", "the same"]


def test_vectors_that_are_lost_meanwhile_are_made_again(place: Place) -> None:
    strong = PairsEmbedder("strong")
    texts = numbered(120)
    fill_collection(place, FAST, a_document("large.txt", *texts))
    lost: list[bool] = []

    def lose_once(_: Sequence[str]) -> None:
        if len(strong.passages) > 40 and not lost:
            lost.append(True)
            place.drop_vectors("strong")

    strong.before = lose_once
    assert run(place, strong) == "upgraded"
    with open_writer(place, FAST) as writer:
        assert not writer.check()
    assert set(strong.passages) == set(texts)


def test_an_empty_collection_is_upgraded_at_once(place: Place) -> None:
    with open_writer(place, FAST):
        pass
    assert run(place, PairsEmbedder("strong")) == "upgraded"


def test_the_embedder_that_it_has_is_no_stronger_one(place: Place) -> None:
    with pytest.raises(ConfigError, match="TAO_KNOWLEDGE_UPGRADE"):
        run(place, PairsEmbedder("fast"))


def test_a_collection_of_another_embedder_is_refused(place: Place) -> None:
    fill_collection(place, PairsEmbedder("other"), a_document("a.txt", "x"))
    with pytest.raises(StoreError, match="'other'"):
        run(place, PairsEmbedder("strong"))


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sizes=st.lists(st.integers(1, 90), min_size=1, max_size=5), stops=st.lists(st.integers(0, 6), max_size=4)
)
def test_however_often_it_is_stopped_each_passage_is_embedded_once(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], stops: list[int]
) -> None:
    place = Place(tmp_path_factory.mktemp("store"), "any")
    fill_collection(
        place, FAST, *(a_document(f"{n}.txt", *numbered(size, f"w{n}")) for n, size in enumerate(sizes))
    )
    strong = PairsEmbedder("strong")
    for calls in [*stops, None]:
        stop = threading.Event()
        watcher = Noting()

        def stop_after(
            watcher: Noting = watcher, calls: int | None = calls, stop: threading.Event = stop
        ) -> None:
            if calls is not None and len(watcher.seen) >= calls:
                stop.set()

        watcher.then = stop_after
        ending = run(place, strong, watcher=watcher, stop=stop)
        assert all(0 <= done <= total == sum(sizes) for done, total in watcher.seen)
    assert ending == "upgraded"
    assert sorted(strong.passages) == sorted(
        text for n, size in enumerate(sizes) for text in numbered(size, f"w{n}")
    )
    with open_writer(place, FAST) as writer:
        assert not writer.check()
