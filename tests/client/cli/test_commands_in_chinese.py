import json
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from tao.cli.allow import allow
from tao.cli.config import config
from tao.cli.doctor import doctor
from tao.cli.model import model_group
from tao.cli.words import speaking
from tao.errors import ConfigError


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A server list with one program, in the folder in which we are."""
    path = tmp_path / "cline_config.json"
    entry = {"type": "stdio", "command": sys.executable, "args": ["--version"]}
    path.write_text(json.dumps({"mcpServers": {"a": entry}}), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return path


def run(command: click.Command, *arguments: str) -> Result:
    with speaking("zh"):
        return CliRunner().invoke(command, arguments)


def test_allow_speaks_chinese(here: Path) -> None:
    shown = run(allow)
    assert f"服务列表 {here} 会启动：" in shown.stderr
    assert f"（在 {here.parent} 中运行）" in shown.stderr
    assert run(allow, "--list").stdout == f"已允许 {here}\n"
    here.write_text("{}", encoding="utf-8")
    assert run(allow, "--list").stdout == f"已改动 {here}\n"
    here.unlink()
    assert run(allow, "--list").stdout == f"不在了 {here}\n"
    assert "已收回允许" in run(allow, "--revoke", str(here)).stderr
    assert "没有被允许" in str(run(allow, "--revoke", str(here)).exception)


def test_config_speaks_chinese_and_prints_the_same(here: Path) -> None:
    arguments = ("cline", "--config", str(here))
    with speaking("en"):
        english = CliRunner().invoke(config, arguments)
    shown = run(config, *arguments)
    assert shown.stdout == english.stdout
    assert "加 --write 会合并到这个文件里" in shown.stderr
    own = ("--file", "own.json")
    assert "已把 a 写入 own.json。" in run(config, *arguments, *own, "--write").stdout
    assert "不用改" in run(config, *arguments, *own, "--write").stdout
    removed = run(config, *arguments, *own, "--remove")
    assert "已从 own.json 移除 a。" in removed.stdout
    assert "备份" in removed.stderr
    missing = run(config, *arguments, "--server", "b").exception
    assert isinstance(missing, ConfigError)
    assert "没有服务 'b'" in str(missing)


def test_the_models_are_listed_in_chinese() -> None:
    shown = run(model_group, "list").stdout
    assert "未下载（agent model pull local）" in shown
    assert run(model_group, "stop").stdout == "没有内置模型在运行。\n"


def test_json_is_the_same_in_both_languages() -> None:
    for command, arguments in ((model_group, ("list", "--json")), (doctor, ("--no-model", "--json"))):
        with speaking("en"):
            english = CliRunner().invoke(command, arguments)
        assert run(command, *arguments).stdout == english.stdout
        assert json.loads(english.stdout)


def test_doctor_speaks_chinese_about_what_it_finds() -> None:
    shown = run(doctor, "--no-model", "--config", "nowhere.json")
    assert "正常  数据文件夹：" in shown.stdout
    assert "失败  服务列表：" in shown.stdout
    assert "没有设置 TAO_* 变量" in shown.stdout
