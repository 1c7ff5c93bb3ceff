import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from tao.models.embeddings import Embedder, Kind
from tao_servers.knowledge.index import BusyStoreError, Place, open_writer
from tao_servers.knowledge.ingesting.gathering import Targets
from tao_servers.knowledge.ingesting.intake import Plan, take_in
from tao_servers.knowledge.ingesting.pipeline import Method, Outcome
from tao_servers.knowledge.ingesting.progress import shown
from tao_servers.knowledge.ingesting.summary import Intake
from tao_servers.knowledge.retrieving import Searcher
from tao_servers.knowledge.splitting import Sizes


class Untouched:
    """Fails when anything but its name is asked for."""

    name = "bigrams"

    @property
    def dimension(self) -> int:
        raise AssertionError("The model would have been loaded.")

    max_tokens = dimension

    def embed(self, texts: Sequence[str], *, kind: Kind = "passage") -> Any:
        raise AssertionError("The model would have been loaded.")

    def count_tokens(self, text: str) -> int:
        raise AssertionError("The model would have been loaded.")


def plan_of(store: Path, embedder: Embedder, **options: Any) -> Plan:
    sizes = Sizes(tokens=options.pop("tokens", 200), count=embedder.count_tokens)
    method = Method(sizes, workers=0, most_tokens=lambda: embedder.max_tokens)
    return Plan(Place(store), embedder, method, stream=io.StringIO(), **options)


def run(plan: Plan, targets: Targets, **options: Any) -> Intake:
    intake = plan.intake()
    take_in(targets, plan, intake, **options)
    return intake


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "note.txt"
    path.write_text("会议室的密码是 4711。\n", encoding="utf-8")
    return path


def test_a_run_in_which_nothing_changed_asks_nothing_of_the_model(
    tmp_path: Path, embedder: Embedder, note: Path
) -> None:
    store = tmp_path / "store"
    assert run(plan_of(store, embedder), Targets((note,))).chunks == 1
    again = run(plan_of(store, Untouched()), Targets((note,)))
    assert [outcome.result for outcome in again.outcomes] == ["unchanged"]


def test_chunks_are_never_larger_than_what_the_embedder_reads(tmp_path: Path, embedder: Embedder) -> None:
    long = tmp_path / "long.txt"
    long.write_text("甲" * 2000, encoding="utf-8")
    assert run(plan_of(tmp_path / "store", embedder, tokens=5000), Targets((long,))).chunks >= 4


def test_pages_are_taken_in_beside_files_and_found_again_by_their_address(
    tmp_path: Path, embedder: Embedder, note: Path
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/gone":
            return httpx.Response(404)
        return httpx.Response(200, text="<p>年假五天</p>", headers={"content-type": "text/html"})

    targets = Targets((note,), ("https://example.com/gone", "https://example.com/leave"))
    plan = plan_of(tmp_path / "store", embedder, attributes={"team": ["人事"]})
    first = run(plan, targets, transport=httpx.MockTransport(answer))
    assert {outcome.source: outcome.result for outcome in first.outcomes} == {
        str(note): "read",
        "https://example.com/gone": "refused",
        "https://example.com/leave": "read",
    }
    again = run(plan, targets, transport=httpx.MockTransport(answer))
    assert sorted(outcome.result for outcome in again.outcomes) == ["refused", "unchanged", "unchanged"]


def test_two_writers_do_not_meet(tmp_path: Path, embedder: Embedder, note: Path) -> None:
    plan = plan_of(tmp_path / "store", embedder, wait=0.0)
    with open_writer(plan.place, embedder), pytest.raises(BusyStoreError, match="Wait until it ends"):
        run(plan, Targets((note,)))


def test_an_interrupted_run_says_so_and_keeps_what_was_written(tmp_path: Path, embedder: Embedder) -> None:
    class Interrupted(type(embedder)):  # type: ignore[misc]
        def embed(self, texts: Sequence[str], *, kind: Kind = "passage") -> Any:
            raise KeyboardInterrupt

    note = tmp_path / "note.txt"
    note.write_text("text", encoding="utf-8")
    intake = run(plan_of(tmp_path / "store", Interrupted()), Targets((note,)))
    assert intake.exit_code == 130
    assert intake.lines()[-1] == "Interrupted; run it again for the rest."
    assert run(plan_of(tmp_path / "store", embedder), Targets((note,))).outcomes[0].result == "read"


def test_a_summary_of_thousands_stays_readable_and_json_has_them_all() -> None:
    intake = Intake(Path("store"), "default")
    intake.outcomes = [Outcome(f"{n}.txt", "refused", reason="it is empty") for n in range(1000)]
    assert len(intake.lines()) == 52
    assert intake.lines()[50] == "... and 950 more refused; --json lists all."
    assert len(intake.summary()["refused"]) == 1000


def test_a_summary_tells_what_of_a_document_was_not_read() -> None:
    intake = Intake(Path("store"), "default")
    intake.outcomes = [
        Outcome("a.pdf", "read", 3, unread=["page 2 is a picture", "page 5 is a picture"]),
        Outcome("b.pdf", "unchanged", 3, unread=["page 1 is a picture"]),
    ]
    assert intake.lines()[0] == "Not all of a.pdf was read: page 2 is a picture; page 5 is a picture."
    assert len(intake.lines()) == 2
    assert [entry["path"] for entry in intake.summary()["unread"]] == ["a.pdf", "b.pdf"]


def test_progress_on_a_terminal_names_the_file_and_is_wiped_at_the_end() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    intake = Intake(Path("store"), "default")
    with shown(intake, 2, terminal) as watcher:
        watcher.embedded(5)
        watcher.done(Outcome("[bold]a.txt", "read", 5))
    assert "5 chunks" in terminal.getvalue()
    assert [outcome.source for outcome in intake.outcomes] == ["[bold]a.txt"]


def test_half_a_character_in_a_document_does_not_stop_the_others(tmp_path: Path, embedder: Embedder) -> None:
    cell = {"cell_type": "markdown", "source": ["# Zebra \ud83d here\n", "some \udc00 text"]}
    notebook = {"cells": [cell], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}
    (tmp_path / "a.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    (tmp_path / "b.txt").write_text("Another text.", encoding="utf-8")
    plan = plan_of(tmp_path / "store", embedder)
    intake = plan.intake()
    take_in(Targets(paths=(tmp_path / "a.ipynb", tmp_path / "b.txt")), plan, intake)
    assert [outcome.result for outcome in intake.outcomes] == ["read", "read"]
    with Searcher(plan.place, embedder) as searcher:
        match = searcher.search("Zebra", 1)[0]
    assert "Zebra \ufffd here" in f"{match.heading} {match.text}"


def test_a_page_that_two_addresses_name_is_taken_in_once(tmp_path: Path, embedder: Embedder) -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200, text="Some text."))
    plan = plan_of(tmp_path / "store", embedder)
    intake = plan.intake()
    urls = ("http://me@a.example/x", "http://a.example/x", "http://a.example/y")
    take_in(Targets(urls=urls), plan, intake, transport=transport)
    results = {outcome.source: outcome.result for outcome in intake.outcomes if outcome.result == "read"}
    assert sorted(results) == ["http://a.example/x", "http://a.example/y"]
    assert [outcome.reason for outcome in intake.outcomes if outcome.result == "refused"] == [
        "another one with this name was taken in before it"
    ]
