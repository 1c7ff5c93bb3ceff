import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tao_servers.text2sql.command import run


def test_several_databases_in_the_settings_ask_for_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = "[text2sql.databases.shop]\npath = 'a.sqlite'\n[text2sql.databases.hr]\npath = 'b.sqlite'\n"
    (tmp_path / "tao.toml").write_text(settings, encoding="utf-8")
    outcome = CliRunner().invoke(run, [])
    assert outcome.exit_code == 2
    assert "shop, hr" in outcome.output
    assert "--database PATH" in outcome.output


def test_wrong_settings_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tao.toml").write_text("[text2sql]\nmax_rows = 0\n", encoding="utf-8")
    outcome = CliRunner().invoke(run, [])
    assert outcome.exit_code == 2
    assert "text2sql.max_rows" in outcome.output


@pytest.mark.parametrize("option", [["--max-rows", "0"], ["--timeout", "0"], ["--unknown"]])
def test_a_wrong_option_is_a_usage_error(option: list[str]) -> None:
    assert CliRunner().invoke(run, option).exit_code == 2


@pytest.mark.real
def test_starting_loads_neither_sqlglot_nor_yaml() -> None:
    code = "import sys, tao_servers.text2sql.command; print({'sqlglot', 'yaml'} & set(sys.modules))"
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert process.stdout.strip() == "set()"
