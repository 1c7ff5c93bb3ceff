import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tao.settings import data_dir
from tao_servers.knowledge.command import cli


def run(*arguments: str | Path, given: bytes | None = None) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], input=given)


def ingest(*arguments: str | Path, given: bytes | None = None) -> Result:
    # In this process: the tests with child processes are those of the real command.
    return run("ingest", "--workers", "0", *arguments, given=given)


def summary_of(*arguments: str | Path, given: bytes | None = None) -> dict[str, Any]:
    summary: dict[str, Any] = json.loads(ingest("--json", *arguments, given=given).stdout)
    return summary


def listed(*arguments: str | Path) -> list[dict[str, Any]]:
    known: list[dict[str, Any]] = json.loads(run("sources", "--json", *arguments).stdout)
    return known


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "资料"
    folder.mkdir()
    (folder / "价格表.txt").write_text("皮鞋: 399元\n凉鞋: 129元\n", encoding="utf-8")
    (folder / "notes.md").write_text("# Notes\n\nThe door code is 4711.\n", encoding="utf-8")
    return folder


@pytest.fixture
def prices(documents: Path) -> Path:
    return documents / "价格表.txt"


def test_each_run_is_summed_up(documents: Path, prices: Path) -> None:
    bad = documents / "bad.md"
    bad.write_bytes(b"\x00" * 50)
    (documents / "film.mp4").write_bytes(b"\x00")
    (documents / ".hidden.txt").write_text("hidden", encoding="utf-8")
    first = ingest("--json", documents)
    summary = json.loads(first.stdout)
    assert first.exit_code == 0
    assert summary["read"] == [str(documents / "notes.md"), str(prices)]
    assert [refused["path"] for refused in summary["refused"]] == [str(bad)]
    assert (summary["skipped"], summary["skipped_by_suffix"]) == (2, {".mp4": 1})
    assert summary["chunks"] == 3
    assert summary["collection"] == "default"
    assert summary["dry_run"] is False
    assert "2 read, 0 changed, 0 unchanged, 1 refused; 3 chunks" in first.stderr
    assert f"Refused {bad}: " in first.stderr
    assert "Skipped files: 2, of kinds that are not read (1 .mp4), 1 hidden." in first.stderr


def test_a_second_run_does_nothing_and_a_changed_file_is_replaced(documents: Path, prices: Path) -> None:
    summary_of(documents)
    again = summary_of(documents)
    assert (again["read"], len(again["unchanged"]), again["chunks"]) == ([], 2, 0)
    prices.write_text("皮鞋: 299元\n", encoding="utf-8")
    assert summary_of(documents)["changed"] == [str(prices)]
    assert [source["chunks"] for source in listed("--pattern", "*价格表*")] == [1]


def test_the_default_store_is_in_the_data_folder(prices: Path) -> None:
    result = ingest(prices)
    assert result.exit_code == 0
    assert result.stdout == ""
    assert run("folder").stdout == f"{data_dir() / 'knowledge'}\n"
    assert (data_dir() / "knowledge" / "collections").is_dir()


def test_a_setting_names_another_store_and_collection(
    tmp_path: Path, prices: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAO_KNOWLEDGE_PATH", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("TAO_KNOWLEDGE_COLLECTION", "商品")
    summary = summary_of(prices)
    assert (summary["store"], summary["collection"]) == (str(tmp_path / "elsewhere"), "商品")


def test_collections_with_chinese_names_are_kept_apart(documents: Path, prices: Path) -> None:
    ingest("--collection", "财务", prices)
    ingest("--collection", "人事 2024", documents / "notes.md")
    assert [source["path"] for source in listed("--collection", "财务")] == [str(prices)]
    assert [source["path"] for source in listed("--collection", "人事 2024")] == [str(documents / "notes.md")]
    assert listed() == []
    known = json.loads(run("collections", "--json").stdout)
    assert [(one["name"], one["documents"]) for one in known] == [("人事 2024", 1), ("财务", 1)]
    assert "财务: 1 document, 2 chunks" in run("collections").stdout


def test_tags_are_kept_and_a_change_of_them_is_a_change(prices: Path) -> None:
    ingest("--tag", "year=2024", "--tag", "team=财务", "--tag", "team＝人事", prices)
    assert listed()[0]["tags"] == {"year": ["2024"], "team": ["财务", "人事"]}
    assert "[team=财务, 人事]" in run("sources").stdout
    assert summary_of("--tag", "year=2025", prices)["changed"] == [str(prices)]
    assert listed()[0]["tags"] == {"year": ["2025"]}
    assert summary_of(prices)["unchanged"] == [str(prices)]
    prices.write_text("皮鞋: 299元\n", encoding="utf-8")
    assert summary_of(prices)["changed"] == [str(prices)]
    assert listed()[0]["tags"] == {"year": ["2025"]}


@pytest.mark.parametrize("tag", ["year", "=2024", "year=", "a b=c", "a=\x07", f"{'k' * 65}=v"])
def test_a_tag_of_another_form_is_a_usage_error(prices: Path, tag: str) -> None:
    result = ingest("--tag", tag, prices)
    assert result.exit_code == 2
    assert "name=value" in result.stderr
    assert not (data_dir() / "knowledge").exists()


def test_standard_input_is_a_document_with_a_name(prices: Path) -> None:
    summary = summary_of("-", "--name", "会议.md", given="# 会议\n\n下次在周五。\n".encode())
    assert summary["read"] == ["stdin:/会议.md"]
    assert listed()[0]["title"] == "会议"
    assert summary_of("-", "--name", "会议.md", given=b"# B\n\nNo more.\n")["changed"] == ["stdin:/会议.md"]
    assert run("remove", "会议.md").exit_code == 0
    assert listed() == []


@pytest.mark.parametrize(("given", "code"), [(b"", 1), (b"\x00\x01\x02" * 100, 1), (b"\xb0\xa1\xb0\xa1", 0)])
def test_what_comes_through_a_pipe_may_be_anything(given: bytes, code: int) -> None:
    assert ingest("-", given=given).exit_code == code


def test_a_name_with_folders_is_no_name_for_standard_input() -> None:
    result = ingest("-", "--name", "../x.txt", given=b"text")
    assert result.exit_code == 2
    assert "is no file name" in result.stderr


def test_prune_removes_what_is_gone_from_the_given_folder_only(tmp_path: Path, documents: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for name in ("kept.txt", "gone.txt"):
        (other / name).write_text(f"This is {name}.", encoding="utf-8")
    ingest(documents, other, "-", given=b"piped")
    (other / "gone.txt").unlink()
    (documents / "notes.md").unlink()
    assert summary_of("--json", other)["removed"] == []
    result = ingest("--prune", "--json", other)
    assert json.loads(result.stdout)["removed"] == [str(other / "gone.txt")]
    assert f"Removed {other / 'gone.txt'}." in result.stderr
    assert {Path(source["path"]).name for source in listed()} == {
        "kept.txt",
        "notes.md",
        "stdin.txt",
        "价格表.txt",
    }


def test_prune_does_not_take_an_empty_folder_for_one_whose_files_are_gone(documents: Path) -> None:
    ingest(documents)
    for path in documents.iterdir():
        path.unlink()
    result = ingest("--prune", documents)
    assert result.exit_code == 1
    assert "Nothing was removed: the folder" in result.stderr
    assert "is empty, as where a disk is not mounted" in result.stderr
    assert len(listed()) == 2


def test_prune_needs_a_folder(prices: Path) -> None:
    result = ingest("--prune", prices)
    assert result.exit_code == 2
    assert "name the folder" in result.stderr


def test_a_dry_run_tells_what_would_be_and_writes_nothing(documents: Path, prices: Path) -> None:
    result = ingest("--dry-run", "--json", documents)
    summary = json.loads(result.stdout)
    assert (len(summary["read"]), summary["chunks"], summary["dry_run"]) == (2, 3, True)
    assert result.stderr.splitlines()[-1].startswith("Only tried, nothing was written: 2 read")
    assert not (data_dir() / "knowledge").exists()
    ingest(documents)
    prices.write_text("皮鞋: 299元\n", encoding="utf-8")
    (documents / "notes.md").unlink()
    tried = summary_of("--dry-run", "--prune", documents)
    assert (tried["changed"], tried["removed"]) == ([str(prices)], [str(documents / "notes.md")])
    assert len(listed()) == 2
    assert listed("--pattern", "价格表.txt")[0]["chunks"] == 2


def test_another_splitter_cuts_the_same_file_anew(prices: Path) -> None:
    assert summary_of(prices)["chunks"] == 2
    again = summary_of("--splitter", "fixed", prices)
    assert (again["changed"], again["chunks"]) == ([str(prices)], 1)


def test_a_file_that_became_empty_says_nothing_any_more(documents: Path, prices: Path) -> None:
    ingest(documents)
    prices.write_text("\n", encoding="utf-8")
    assert [refused["path"] for refused in summary_of(documents)["refused"]] == [str(prices)]


def test_a_run_that_refuses_everything_fails(tmp_path: Path) -> None:
    bad = tmp_path / "bad.txt"
    bad.write_bytes(b"\x00" * 50)
    assert ingest(bad).exit_code == 1
    (tmp_path / "empty").mkdir()
    assert ingest(tmp_path / "empty").exit_code == 1


def test_a_path_that_does_not_exist_is_a_usage_error(prices: Path) -> None:
    result = ingest(prices, "nowhere.txt")
    assert result.exit_code == 2
    assert "nowhere.txt" in result.stderr
    assert not (data_dir() / "knowledge").exists()


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://example.com/a.txt", "data:text/plain,a"])
def test_only_addresses_of_the_web_are_read(address: str) -> None:
    result = ingest(address)
    assert result.exit_code == 2
    assert "http://" in result.stderr


def test_a_store_that_is_a_file_is_named(prices: Path) -> None:
    assert run("sources", "--store", prices).exit_code == 2


def test_a_damaged_store_is_one_line_on_stderr(tmp_path: Path, prices: Path) -> None:
    store = tmp_path / "store"
    ingest("--store", store, prices)
    (catalogue,) = (store / "collections").glob("*/catalogue.sqlite")
    for file in catalogue.parent.glob("catalogue.sqlite*"):
        file.unlink()
    catalogue.write_bytes(b"no database" * 500)
    result = ingest("--store", store, prices)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: The store")
    assert len(result.stderr.splitlines()) == 1


def test_a_collection_of_another_embedder_is_refused_before_anything_is_read(
    prices: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(prices)
    monkeypatch.setenv("TAO_KNOWLEDGE_EMBEDDER", "openai:m")
    monkeypatch.setenv("TAO_KNOWLEDGE_EMBEDDER_URL", "http://127.0.0.1:9/v1")
    for options in ((), ("--dry-run",)):
        result = ingest(*options, prices)
        assert result.exit_code == 1
        assert "openai:m" in result.stderr


def test_a_wrong_setting_is_named_with_exit_code_2(prices: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAO_KNOWLEDGE_EMBEDDER", "bundeld")
    result = ingest(prices)
    assert result.exit_code == 2
    assert "TAO_KNOWLEDGE_EMBEDDER" in result.stderr
    assert "Did you mean 'bundled" in result.stderr


@pytest.mark.parametrize("options", [("--watch", "--dry-run"), ("--watch",)])
def test_a_watch_needs_a_folder_and_writes(prices: Path, options: tuple[str, ...]) -> None:
    assert ingest(*options, prices).exit_code == 2
