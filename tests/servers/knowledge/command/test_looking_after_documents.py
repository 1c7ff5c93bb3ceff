import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tao.settings import data_dir
from tao_servers.knowledge.command import cli


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    (tmp_path / "sub").mkdir()
    (tmp_path / "价格表.txt").write_text("皮鞋: 399元\n凉鞋: 129元\n", encoding="utf-8")
    (tmp_path / "sub" / "价格表.txt").write_text("雨靴: 79元\n", encoding="utf-8")
    (tmp_path / "notes.md").write_text("# Notes\n\nThe code of the door is 4711.\n", encoding="utf-8")
    assert run("ingest", "--workers", "0", tmp_path).exit_code == 0
    return tmp_path


def test_sources_are_listed_with_what_is_known_of_them(documents: Path) -> None:
    shown = run("sources")
    assert shown.stdout.splitlines() == [
        f"       1  en  {documents / 'notes.md'} (Notes)",
        f"       1  zh  {documents / 'sub' / '价格表.txt'}",
        f"       2  zh  {documents / '价格表.txt'}",
    ]
    assert shown.stderr.endswith("collection 'default': 3\n")
    first: dict[str, Any] = json.loads(run("sources", "--json").stdout)[0]
    assert (first["title"], first["language"], first["upgraded"]) == ("Notes", "en", False)
    assert first["chunks"] == 1


@pytest.mark.parametrize(("pattern", "count"), [("*.TXT", 2), ("*sub*", 1), ("notes.md", 1), ("x", 0)])
def test_a_pattern_chooses_among_the_sources(documents: Path, pattern: str, count: int) -> None:
    assert len(json.loads(run("sources", "--json", "--pattern", pattern).stdout)) == count


def test_a_document_is_removed_by_its_path_or_an_unambiguous_name(documents: Path) -> None:
    ambiguous = run("remove", "价格表.txt")
    assert ambiguous.exit_code == 1
    assert "several documents" in ambiguous.stderr
    assert "Removed" in run("remove", documents / "sub" / "价格表.txt").stderr
    assert run("remove", "价格表.txt", "notes.md").exit_code == 0
    assert run("sources", "--json").stdout == "[]\n"


def test_one_wrong_name_removes_nothing(documents: Path) -> None:
    result = run("remove", "notes.md", "nothing.md")
    assert result.exit_code == 1
    assert "'nothing.md'" in result.stderr
    assert len(json.loads(run("sources", "--json").stdout)) == 3


@pytest.mark.parametrize("command", [("remove", "nothing.txt"), ("check",), ("search", "皮鞋")])
def test_what_is_not_there_fails_and_makes_no_store(command: tuple[str, ...]) -> None:
    result = run(*command)
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert not (data_dir() / "knowledge").exists()


@pytest.mark.parametrize("command", ["sources", "collections"])
def test_a_store_that_is_not_there_has_nothing(command: str) -> None:
    assert run(command, "--json").stdout == "[]\n"
    assert not (data_dir() / "knowledge").exists()


def test_a_query_shows_passages_with_their_places(documents: Path) -> None:
    shown = run("search", "凉鞋多少钱", "--top-k", "1")
    assert shown.exit_code == 0
    assert f"{documents / '价格表.txt'}:2" in shown.stdout
    assert "凉鞋: 129元" in shown.stdout
    (match,) = json.loads(run("search", "door code", "--top-k", "1", "--json").stdout)
    assert match["path"] == str(documents / "notes.md")
    assert run("search", " ").exit_code == 2


def test_a_query_is_limited_to_documents(documents: Path) -> None:
    found = run("search", "雨靴多少钱", "--json", "--where", '{"source": {"contains": "sub/"}}')
    assert [match["path"] for match in json.loads(found.stdout)] == [str(documents / "sub" / "价格表.txt")]


def test_a_field_that_no_document_has_is_told_with_those_there_are(documents: Path) -> None:
    found = run("search", "鞋", "--where", '{"colour": "red"}')
    assert found.exit_code == 1
    assert "No document has a tag 'colour'." in found.stderr


@pytest.mark.parametrize("where", ["{", "[]", '{"bytes": {"near": 5}}', "[" * 50_000])
def test_conditions_that_cannot_be_meant_are_wrong_usage(where: str) -> None:
    wrong = run("search", "鞋", "--where", where)
    assert wrong.exit_code == 2
    assert "--where" in wrong.stderr
    assert len(wrong.stderr) < 1000


def test_a_check_finds_what_is_missing_and_repairs_it(documents: Path) -> None:
    good = run("check", "--json")
    assert good.exit_code == 0
    assert json.loads(good.stdout)["agree"] is True
    _forget_a_vector()
    bad = run("check", "--json")
    assert bad.exit_code == 1
    assert json.loads(bad.stdout)["vectors_missing"] == 1
    assert "tao-knowledge check --repair" in bad.stderr
    repaired = run("check", "--repair")
    assert repaired.exit_code == 0
    assert repaired.stderr == "They do not agree (vectors missing: 1). Repaired.\n"
    assert run("check").stderr == "Everything agrees.\n"


def _forget_a_vector() -> None:
    """As if a disk had lost it: the catalogue has a chunk that the vectors lack."""
    from tao.models.embeddings import BundledEmbedder
    from tao_servers.knowledge.index import Place

    place = Place(data_dir() / "knowledge")
    with sqlite3.connect(place.catalogue) as connection:
        (chunk,) = connection.execute("SELECT min(id) FROM chunks").fetchone()
    connection.close()
    with place.vectors(BundledEmbedder.name, write=True) as vectors:
        vectors.delete([chunk])


def test_the_help_names_every_command_with_examples() -> None:
    shown = run("--help").stdout
    names = "ingest sources collections search remove check upgrade status pull folder"
    assert all(f"  {name} " in shown for name in names.split())
    assert "tao-knowledge ingest --watch --prune ~/notes" in run("ingest", "--help").stdout


def test_a_document_whose_name_begins_with_a_tilde_is_removed(documents: Path) -> None:
    (documents / "~draft.txt").write_text("A draft.\n", encoding="utf-8")
    assert run("ingest", "--workers", "0", documents / "~draft.txt").exit_code == 0
    assert run("remove", "~draft.txt").exit_code == 0


def test_an_empty_name_of_a_collection_does_not_mean_the_usual_one(documents: Path) -> None:
    result = run("remove", "--collection", "", "notes.md")
    assert result.exit_code == 2
    assert "no name for a collection" in result.stderr


def test_a_whole_collection_is_deleted_by_its_name(documents: Path) -> None:
    assert run("ingest", "--workers", "0", "--collection", "财务", documents / "notes.md").exit_code == 0
    deleted = run("remove", "--all", "--collection", "财务")
    assert deleted.exit_code == 0
    assert "'财务'" in deleted.stderr
    known = json.loads(run("collections", "--json").stdout)
    assert [one["name"] for one in known] == ["default"]
    again = run("remove", "--all", "--collection", "财务")
    assert again.exit_code == 1
    assert "no collection '财务'" in again.stderr


@pytest.mark.parametrize("arguments", [(), ("--all", "notes.md")])
def test_removing_takes_either_names_or_everything(documents: Path, arguments: tuple[str, ...]) -> None:
    assert run("remove", *arguments).exit_code == 2
    assert len(json.loads(run("sources", "--json").stdout)) == 3


def test_a_collection_in_which_nothing_was_read_takes_another_embedder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = tmp_path / "note.txt"
    note.write_text("皮鞋: 399元\n", encoding="utf-8")
    with monkeypatch.context() as failing:
        failing.setenv("TAO_KNOWLEDGE_EMBEDDER", "openai:m")
        failing.setenv("TAO_KNOWLEDGE_EMBEDDER_URL", "http://127.0.0.1:1/v1")
        assert run("ingest", "--workers", "0", note).exit_code == 3
    assert run("ingest", "--workers", "0", note).exit_code == 0


@pytest.mark.parametrize("command", ["collections", "status"])
def test_a_broken_collection_does_not_hide_the_others(documents: Path, command: str) -> None:
    broken = data_dir() / "knowledge" / "collections" / "broken"
    broken.mkdir()
    (broken / "catalogue.sqlite").write_bytes(b"nothing that SQLite knows" * 100)
    result = run(command)
    assert result.exit_code == 1
    assert result.stdout.startswith("default: 3 documents")
    assert str(broken) in result.stderr
