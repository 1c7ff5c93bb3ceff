import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tao.cli.model import model_group
from tao.errors import ConfigError
from tao.models.local.catalog import CATALOG
from tao.models.local.fetch import models_dir


def test_list_names_each_model_and_how_to_get_it() -> None:
    shown = CliRunner().invoke(model_group, ["list"])
    assert shown.exit_code == 0
    for name in CATALOG:
        assert f"agent model pull {name}" in shown.output


def test_list_as_json_says_what_is_here() -> None:
    entry = CATALOG["local-small"]
    models_dir().mkdir(parents=True)
    path = models_dir() / entry.file
    with path.open("wb") as file:
        file.truncate(entry.size)
    path.with_name(f"{entry.file}.json").write_text(json.dumps({"sha256": entry.sha256}), encoding="utf-8")
    shown = CliRunner().invoke(model_group, ["list", "--json"])
    rows = {row["name"]: row for row in json.loads(shown.stdout)["models"]}
    assert rows["local-small"]["path"] == str(path)
    assert rows["local-small"]["running"] is None
    assert rows["local"]["pulled"] is False


def test_stop_says_when_nothing_runs() -> None:
    shown = CliRunner().invoke(model_group, ["stop"])
    assert shown.exit_code == 0
    assert shown.output == "No embedded model is running.\n"


@pytest.mark.parametrize("arguments", [["pull", "gpt-4"], ["stop", "gpt-4"], ["pull", "--offline"]])
def test_what_cannot_be_done_is_raised_for_the_caller(arguments: list[str]) -> None:
    shown = CliRunner().invoke(model_group, arguments)
    assert isinstance(shown.exception, ConfigError)
    assert shown.stdout == ""


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    own = tmp_path / "notes.txt"
    own.write_text("不是模型", encoding="utf-8")
    shown = CliRunner().invoke(model_group, ["pull", "local-small", "--from", str(own)])
    assert isinstance(shown.exception, ConfigError)
    assert "not a GGUF file" in str(shown.exception)
