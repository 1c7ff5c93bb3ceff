"""A watched folder, looked at whenever the system says that something in it has changed."""

import io
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tao.models.embeddings import Embedder
from tao_servers.knowledge.index import BusyStoreError, Place, open_writer
from tao_servers.knowledge.ingesting.errors import WatchError
from tao_servers.knowledge.ingesting.gathering import read_targets
from tao_servers.knowledge.ingesting.intake import Plan, take_in
from tao_servers.knowledge.ingesting.pipeline import Method
from tao_servers.knowledge.ingesting.summary import Intake
from tao_servers.knowledge.ingesting.watching import Watched, marks_of
from tao_servers.knowledge.loading import find_files
from tao_servers.knowledge.splitting import Sizes


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    path = tmp_path / "notes"
    path.mkdir()
    (path / "a.txt").write_text("alpha", encoding="utf-8")
    return path


@pytest.fixture
def plan(tmp_path: Path, embedder: Embedder) -> Plan:
    method = Method(Sizes(tokens=200, count=embedder.count_tokens), workers=0)
    return Plan(Place(tmp_path / "store"), embedder, method, wait=0.0, stream=io.StringIO())


@pytest.fixture
def watching(notes: Path, plan: Plan) -> Callable[[], tuple[Watched, list[Intake]]]:
    """Take the folder in, and begin to watch it."""

    def begin() -> tuple[Watched, list[Intake]]:
        marks = marks_of(find_files([notes]))
        take_in(read_targets([str(notes)]), plan, plan.intake())
        batches: list[Intake] = []
        return Watched([notes], plan, marks, done=batches.append), batches

    return begin


Watching = Callable[[], tuple[Watched, list[Intake]]]


def look_twice(watched: Watched) -> None:
    watched.look(changed=True)
    watched.look(changed=False)


def sources(plan: Plan) -> list[str]:
    with open_writer(plan.place, plan.embedder) as writer:
        return [Path(source.source).name for source in writer.sources()]


def test_new_and_changed_files_are_taken_in_once_they_rest(
    notes: Path, plan: Plan, watching: Watching
) -> None:
    watched, batches = watching()
    (notes / "a.txt").write_text("alpha, longer", encoding="utf-8")
    (notes / "b.txt").write_text("be", encoding="utf-8")
    watched.look(changed=True)
    assert batches == []
    (notes / "b.txt").write_text("beta, the whole of it", encoding="utf-8")
    watched.look(changed=True)
    assert [outcome.source for outcome in batches[0].outcomes] == [str(notes / "a.txt")]
    watched.look(changed=False)
    assert [outcome.result for outcome in batches[1].outcomes] == ["read"]
    assert sources(plan) == ["a.txt", "b.txt"]
    look_twice(watched)
    assert len(batches) == 2


def test_what_changed_while_the_first_pass_read_it_is_looked_at_again(
    notes: Path, watching: Watching
) -> None:
    watched, batches = watching()
    watched.marks = dict.fromkeys(watched.marks, (0, 0, 0))
    watched.look(changed=False)
    watched.look(changed=False)
    assert [outcome.result for outcome in batches[0].outcomes] == ["unchanged"]


def test_a_file_that_is_deleted_or_moved_away_is_removed(
    tmp_path: Path, notes: Path, plan: Plan, watching: Watching
) -> None:
    (notes / "sub").mkdir()
    (notes / "sub" / "b.txt").write_text("beta", encoding="utf-8")
    (notes / "c.txt").write_text("gamma", encoding="utf-8")
    watched, batches = watching()
    shutil.move(notes / "sub", tmp_path / "elsewhere")
    (notes / "a.txt").unlink()
    look_twice(watched)
    assert batches[0].removed == [str(notes / "a.txt"), str(notes / "sub" / "b.txt")]
    assert sources(plan) == ["c.txt"]


def test_what_was_gone_before_is_left_to_prune(notes: Path, plan: Plan, watching: Watching) -> None:
    watching()
    (notes / "a.txt").unlink()
    (notes / "b.txt").write_text("beta", encoding="utf-8")
    watched, _ = watching()
    (notes / "b.txt").unlink()
    look_twice(watched)
    assert sources(plan) == ["a.txt"]


def test_a_folder_that_goes_away_as_a_whole_ends_the_watch_and_removes_nothing(
    tmp_path: Path, notes: Path, plan: Plan, watching: Watching
) -> None:
    watched, batches = watching()
    watched.check_folders()
    with pytest.raises(WatchError, match="nothing was"):
        watched.check_folders({str(notes)})
    shutil.move(notes, tmp_path / "elsewhere")
    with pytest.raises(WatchError, match="is gone"):
        watched.check_folders()
    notes.mkdir()
    with pytest.raises(WatchError, match="another one has taken its place"):
        watched.check_folders()
    assert batches == []
    assert sources(plan) == ["a.txt"]


def test_while_another_process_writes_nothing_is_lost(notes: Path, plan: Plan, watching: Watching) -> None:
    watched, batches = watching()
    (notes / "b.txt").write_text("beta", encoding="utf-8")
    watched.look(changed=True)
    with open_writer(plan.place, plan.embedder), pytest.raises(BusyStoreError):
        watched.look(changed=False)
    watched.rest(0.0)
    look_twice(watched)
    assert sources(plan) == ["a.txt", "b.txt"]
    assert len(batches) == 1


def test_a_refused_file_is_tried_again_when_it_changes(notes: Path, plan: Plan, watching: Watching) -> None:
    watched, batches = watching()
    (notes / "b.txt").write_bytes(b"\x00" * 100)
    look_twice(watched)
    look_twice(watched)
    assert [[outcome.result for outcome in batch.outcomes] for batch in batches] == [["refused"]]
    (notes / "b.txt").write_text("beta", encoding="utf-8")
    look_twice(watched)
    assert sources(plan) == ["a.txt", "b.txt"]


def test_changes_of_hidden_files_and_of_the_store_do_not_matter(
    tmp_path: Path, notes: Path, plan: Plan
) -> None:
    watched = Watched([tmp_path], plan, {}, done=lambda _: None)
    changed = [notes / "a.txt", notes / ".git" / "x", notes / ".a.txt.swp", plan.place.folder / "words" / "x"]
    assert [watched.concerns(None, os.fspath(path)) for path in changed] == [True, False, False, False]
