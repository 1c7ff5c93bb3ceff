import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tao.settings import data_dir
from tao_servers.knowledge.command import cli


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    path = tmp_path / "价格表.txt"
    path.write_text("皮鞋: 399元\n凉鞋: 129元\n", encoding="utf-8")
    return path


def test_ingest_sums_up_each_run(tmp_path: Path, prices: Path) -> None:
    bad = tmp_path / "bad.md"
    bad.write_bytes(b"\x00")
    store = tmp_path / "store"
    first = run("ingest", "--store", store, "--json", tmp_path)
    summary = json.loads(first.stdout)
    assert first.exit_code == 0
    assert summary["read"] == [str(prices)]
    assert summary["refused"] == [{"path": str(bad), "reason": "binary (it has NUL bytes)"}]
    assert summary["passages"] == 2
    assert "1 read, 0 changed, 0 unchanged, 1 refused; 2 passages" in first.stderr
    assert f"Refused {bad}: binary" in first.stderr
    again = json.loads(run("ingest", "--store", store, "--json", prices).stdout)
    assert (again["read"], again["unchanged"], again["passages"]) == ([], [str(prices)], 0)
    prices.write_text("皮鞋: 299元\n", encoding="utf-8")
    assert json.loads(run("--store", store, "ingest", "--json", prices).stdout)["changed"] == [str(prices)]


def test_the_default_store_is_in_the_data_folder(prices: Path) -> None:
    result = run("ingest", prices)
    assert result.exit_code == 0
    assert result.stdout == ""
    assert (data_dir() / "knowledge" / "chroma.sqlite3").is_file()
    assert json.loads(run("sources", "--json").stdout)[0]["path"] == str(prices)


def test_a_setting_names_another_store(tmp_path: Path, prices: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAO_KNOWLEDGE_PATH", str(tmp_path / "elsewhere"))
    assert run("ingest", prices).exit_code == 0
    assert (tmp_path / "elsewhere").is_dir()


def test_sources_are_listed_and_removed_by_name_or_path(tmp_path: Path, prices: Path) -> None:
    other = tmp_path / "sub" / prices.name
    other.parent.mkdir()
    other.write_text("雨靴: 79元", encoding="utf-8")
    run("ingest", tmp_path)
    assert run("sources").stdout.splitlines() == [f"       1  {other}", f"       2  {prices}"]
    ambiguous = run("remove", prices.name)
    assert ambiguous.exit_code == 1
    assert "several documents" in ambiguous.stderr
    assert "Removed" in run("remove", other).stderr
    assert run("remove", prices.name).exit_code == 0
    assert run("sources", "--json").stdout == "[]\n"


def test_removing_what_is_not_there_fails_and_makes_no_store() -> None:
    result = run("remove", "nothing.txt")
    assert result.exit_code == 1
    assert "is empty" in result.stderr
    assert not (data_dir() / "knowledge").exists()


def test_a_run_that_refuses_everything_fails(tmp_path: Path) -> None:
    bad = tmp_path / "bad.txt"
    bad.write_bytes(b"\x00")
    assert run("ingest", bad).exit_code == 1
    (tmp_path / "empty").mkdir()
    assert run("ingest", tmp_path / "empty").exit_code == 1


def test_a_path_that_does_not_exist_is_a_usage_error(prices: Path) -> None:
    result = run("ingest", prices, "nowhere.txt")
    assert result.exit_code == 2
    assert "nowhere.txt" in result.stderr
    assert not (data_dir() / "knowledge").exists()


def test_a_store_that_is_a_file_is_named(prices: Path) -> None:
    assert run("sources", "--store", prices).exit_code == 2


def test_a_damaged_store_is_one_line_on_stderr(tmp_path: Path, prices: Path) -> None:
    store = tmp_path / "store"
    store.mkdir()
    (store / "chroma.sqlite3").write_bytes(b"no database" * 500)
    result = run("ingest", "--store", store, prices)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: The store")
    assert len(result.stderr.splitlines()) == 1
