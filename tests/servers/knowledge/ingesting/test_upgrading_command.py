"""`tao-knowledge upgrade` and `status`, as far as no process and no model is needed."""

import json
import os
import threading
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tao_servers.knowledge.command import cli
from tao_servers.knowledge.index import BusyStoreError, Place
from tao_servers.knowledge.ingesting.upgrade_display import amount, how_it_ended
from tao_servers.knowledge.ingesting.upgrade_record import Recorder, UpgradeRecord, UpgradeState
from tests.support.two_speeds import PairsEmbedder, a_document, fill_collection


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "store", "财务")


def run(place: Place, *arguments: str) -> Result:
    return CliRunner().invoke(cli, [*arguments, "--store", str(place.store)])


def a_recorder(place: Place, stop: threading.Event | None = None) -> Recorder:
    record = UpgradeRecord(place.folder)
    record.make_folder()
    return Recorder(record, collection=place.name, strong="strong", stop=stop or threading.Event())


def test_the_status_of_no_collections_is_an_empty_list(place: Place) -> None:
    done = run(place, "status", "--json")
    assert (done.exit_code, json.loads(done.stdout)) == (0, [])


def test_the_status_tells_sizes_and_embedders(place: Place) -> None:
    fill_collection(place, PairsEmbedder("fast"), a_document("a.txt", "x", "x", "y"))
    (status,) = json.loads(run(place, "status", "--json").stdout)
    assert status.pop("bytes") > 0
    assert status == {
        "collection": "财务",
        "documents": 1,
        "chunks": 3,
        "embedder": "fast",
        "strong": None,
        "upgraded": 0,
        "of": 2,
        "running": False,
        "pid": None,
        "rate": None,
        "seconds_left": None,
        "last_ended": None,
        "last_error": None,
    }
    assert "财务: 1 document, 3 chunks" in run(place, "status").stdout


def test_a_running_upgrade_is_shown_with_its_rate(place: Place) -> None:
    fill_collection(place, PairsEmbedder("fast"), a_document("a.txt", *map(str, range(50))))
    record = UpgradeRecord(place.folder)
    with record.held():
        state = a_recorder(place).state
        record.write(UpgradeState(state.pid, "财务", "strong", state.begun, state.updated, 20, 50, 2.0))
        (status,) = json.loads(run(place, "status", "--json").stdout)
        words = run(place, "status").stdout
    assert status["running"] is True
    assert (status["pid"], status["upgraded"], status["rate"]) == (os.getpid(), 20, 2.0)
    assert status["seconds_left"] == 15
    assert "20 of 50 chunks, 2.0 a second, about 15 s left" in words


def test_a_killed_upgrade_is_not_taken_for_one_that_runs(place: Place) -> None:
    fill_collection(place, PairsEmbedder("fast"), a_document("a.txt", "x"))
    # Its process number belongs to somebody else by now: to this very process.
    a_recorder(place).progress(0, 1)
    (status,) = json.loads(run(place, "status", "--json").stdout)
    assert (status["running"], status["pid"]) == (False, None)
    assert "was killed" in run(place, "status").stdout
    assert "No upgrade" in run(place, "upgrade", "--stop", "--collection", "财务").stderr


def test_the_last_failure_is_shown(place: Place) -> None:
    fill_collection(place, PairsEmbedder("fast"), a_document("a.txt", "x"))
    a_recorder(place).failed("The endpoint is down.")
    (status,) = json.loads(run(place, "status", "--json").stdout)
    assert (status["last_ended"], status["last_error"]) == ("failed", "The endpoint is down.")
    assert "failed: The endpoint is down." in run(place, "status").stdout


def test_one_collection_has_one_upgrade_at_a_time(place: Place) -> None:
    first, second = UpgradeRecord(place.folder), UpgradeRecord(place.folder)
    other = UpgradeRecord(Place(place.store, "other").folder)
    with first.held():
        assert second.running()
        with pytest.raises(BusyStoreError, match="runs already"), second.held():
            pass
        with other.held():
            assert other.running()
    assert not second.running()
    with second.held():
        assert first.running()


def test_a_stop_that_was_asked_for_is_seen_once(place: Place) -> None:
    record, stop = UpgradeRecord(place.folder), threading.Event()
    with record.held():
        recorder = a_recorder(place, stop)
        recorder.progress(1, 5)
        assert not stop.is_set()
        record.request_stop()
        recorder.waiting()
        assert stop.is_set()
    with record.held():
        assert not record.stop_requested()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": 1}', '{"pid": "x"}', "[" * 5000, "\x00"])
def test_a_broken_state_counts_as_none(place: Place, content: str) -> None:
    a_recorder(place)
    record = UpgradeRecord(place.folder)
    record.log.with_suffix(".json").write_text(content, encoding="utf-8")
    assert record.read() is None


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--background", "--stop"], 2, "do not go together"),
        ([], 1, "no collection"),
        (["--background"], 1, "no collection"),
        (["--stop"], 0, "No upgrade"),
    ],
)
def test_what_cannot_be_done_is_told(place: Place, options: list[str], code: int, said: str) -> None:
    done = run(place, "upgrade", *options)
    assert (done.exit_code, said in done.stderr) == (code, True)
    assert not place.folder.exists()


def test_without_a_strong_embedder_it_is_said_how_to_set_one(place: Place) -> None:
    fill_collection(place, PairsEmbedder("fast"), a_document("a.txt", "x"))
    done = run(place, "upgrade", "--collection", "财务")
    assert done.exit_code == 2
    assert "TAO_KNOWLEDGE_UPGRADE" in done.stderr


@pytest.mark.parametrize(
    ("done", "total", "rate", "words"),
    [
        (0, 0, 0.0, "it has just begun"),
        (5, 10, 0.0, "5 of 10 chunks"),
        (1000, 4600, 1.0, "1,000 of 4,600 chunks, 1.0 a second, about 60 min left"),
        (0, 36_000, 2.0, "0 of 36,000 chunks, 2.0 a second, about 5.0 h left"),
        (10, 10, 3.0, "10 of 10 chunks"),
    ],
)
def test_how_far_it_is_in_words(done: int, total: int, rate: float, words: str) -> None:
    now = time.time()
    state = UpgradeState(1, "notes", "strong", now, now, done, total, rate)
    assert amount(state) == words
    assert how_it_ended(UpgradeState(1, "n", "s", now, now, ended="gone")) == "deleted while it was upgraded"
