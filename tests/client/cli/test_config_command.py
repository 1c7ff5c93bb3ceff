import json
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tao.cli.config import config
from tao.errors import ConfigError
from tao.hosts import HOSTS


@pytest.fixture
def servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A server list with one file that it names, and a project to be in."""
    folder = tmp_path / "list"
    folder.mkdir()
    (folder / "shop.sqlite").touch()
    entries = {
        "shop": {"type": "stdio", "command": ".venv/bin/python", "args": ["--database", "shop.sqlite"]},
        "web": {"type": "sse", "url": "http://127.0.0.1:1/sse"},
    }
    path = folder / "servers.json"
    path.write_text(json.dumps({"mcpServers": entries}), encoding="utf-8")
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    return path


def run(servers: Path, *arguments: str) -> Result:
    return CliRunner().invoke(config, [*arguments, "--config", str(servers)])


@pytest.mark.parametrize("host", HOSTS)
def test_each_host_is_printed_with_absolute_paths(servers: Path, host: str) -> None:
    shown = run(servers, host)
    assert shown.exit_code == 0, shown.output
    parse = {"json": json.loads, "toml": tomllib.loads}[HOSTS[host].form]
    entry = parse(shown.stdout)[HOSTS[host].key]["shop"]
    assert entry["command"] == str(servers.parent / ".venv/bin/python")
    assert entry["args"] == ["--database", str(servers.parent / "shop.sqlite")]
    assert "its program" in shown.stderr


@pytest.mark.parametrize("host", HOSTS)
def test_each_host_is_written_where_it_looks_and_cleared_again(servers: Path, host: str) -> None:
    written = run(servers, host, "--write")
    assert written.exit_code == 0, written.output
    path = Path(written.stdout.split(" to ", 1)[1].strip().rstrip("."))
    assert path.is_relative_to(Path.cwd()) or path.is_relative_to(Path.home())
    assert "shop" in path.read_text(encoding="utf-8")
    again = run(servers, host, "--write")
    assert "Nothing to do" in again.stdout
    assert "Removed shop" in run(servers, host, "--remove").stdout
    assert "shop" not in path.read_text(encoding="utf-8")
    assert "Nothing to do" in run(servers, host, "--remove").stdout


def test_over_http_the_address_is_the_one_that_was_given(servers: Path) -> None:
    options = ("--transport", "http", "--url", "http://127.0.0.1:8931/{server}/mcp", "--token-env", "TOKEN")
    shown = run(servers, "codex", *options)
    entry = tomllib.loads(shown.stdout)["mcp_servers"]["shop"]
    assert entry["url"] == "http://127.0.0.1:8931/shop/mcp"
    assert entry["bearer_token_env_var"] == "TOKEN"


def test_one_transport_or_one_server_can_be_chosen(servers: Path) -> None:
    assert list(json.loads(run(servers, "cline", "--transport", "stdio").stdout)["mcpServers"]) == ["shop"]
    assert list(json.loads(run(servers, "cline", "--server", "web").stdout)["mcpServers"]) == ["web"]
    assert json.loads(run(servers, "cline", "--server", "web", "--transport", "sse").stdout)


def test_the_file_can_be_named(servers: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.json"
    own.write_text('{"mcpServers": {"theirs": {"command": "x"}}}', encoding="utf-8")
    shown = run(servers, "cline", "--write", "--file", str(own))
    assert f"What was there before: {own}.bak" in shown.stderr
    assert list(json.loads(own.read_text(encoding="utf-8"))["mcpServers"]) == ["theirs", "shop", "web"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["notepad"],
        ["cline", "--write", "--remove"],
        ["cline", "--url", "http://x"],
        ["cline", "--transport", "pigeon"],
    ],
)
def test_wrong_use_is_told(servers: Path, arguments: list[str]) -> None:
    assert run(servers, *arguments).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["cline", "--server", "nobody"], "no server 'nobody'"),
        (["cline", "--transport", "http"], "where 'shop' is served"),
        (["cline", "--token-env", "T"], "cannot take a token"),
    ],
)
def test_what_cannot_be_done_is_raised_for_the_caller(servers: Path, arguments: list[str], said: str) -> None:
    shown = run(servers, *arguments)
    assert isinstance(shown.exception, ConfigError)
    assert said in str(shown.exception)
    assert shown.stdout == ""


def test_a_list_that_was_only_found_is_not_written_into_a_host(servers: Path) -> None:
    Path("cline_config.json").write_text(servers.read_text(encoding="utf-8"), encoding="utf-8")
    shown = CliRunner().invoke(config, ["cursor", "--write"])
    assert "agent allow cline_config.json" in str(shown.exception)
    assert not Path(".cursor").exists()
