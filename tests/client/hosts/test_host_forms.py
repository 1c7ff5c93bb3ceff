"""What each host is given, and where its file lies."""

import json
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tao.errors import ConfigError
from tao.hosts import HOSTS, absolute, host_block, host_file, over_http, render_block
from tao.toolbox import ServerEntry

PYTHON = sys.executable
STDIO = ServerEntry(
    type="stdio",
    command=PYTHON,
    args=("-m", "tao_servers.knowledge", "路径 with space"),
    cwd=Path("/data"),
    env={"A": "1"},
    timeout=1.5,
    autoApprove=("search",),
)
HTTP = ServerEntry(type="streamableHttp", url="http://127.0.0.1:1/mcp", headers={"X": "y"})
SSE = ServerEntry(type="sse", url="http://127.0.0.1:1/sse")
ENTRIES = {"knowledge": STDIO, "over_http": HTTP, "over_sse": SSE}


def read_back(host: str, **options: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What the printed form of ENTRIES says, and the notes."""
    block = host_block(HOSTS[host], ENTRIES, **options)
    parse = {"json": json.loads, "toml": tomllib.loads}[HOSTS[host].form]
    document = parse(render_block(block))
    assert list(document) == [HOSTS[host].key]
    return document[HOSTS[host].key], block.notes


def program(**more: Any) -> dict[str, Any]:
    return {"command": PYTHON, "args": list(STDIO.args), "env": {"A": "1"}, **more}


def test_cline_gets_seconds_its_type_names_and_its_approval_list() -> None:
    servers, _ = read_back("cline")
    ends = {"disabled": False, "timeout": 1.5, "autoApprove": ["search"]}
    assert servers["knowledge"] == program(type="stdio", cwd="/data", **ends)
    assert servers["over_http"]["type"] == "streamableHttp"
    assert servers["over_http"]["headers"] == {"X": "y"}
    assert (servers["over_sse"]["type"], servers["over_sse"]["timeout"]) == ("sse", 60)


def test_codex_gets_two_timeouts_an_approval_for_each_tool_and_no_sse() -> None:
    servers, notes = read_back("codex", token_env="TOKEN")
    assert servers["knowledge"] == program(
        cwd="/data",
        startup_timeout_sec=20,
        tool_timeout_sec=1.5,
        required=True,
        tools={"search": {"approval_mode": "approve"}},
    )
    assert servers["over_http"] == {
        "url": HTTP.url,
        "bearer_token_env_var": "TOKEN",
        "http_headers": {"X": "y"},
        "tool_timeout_sec": 60,
    }
    assert list(servers) == ["knowledge", "over_http"]
    assert "over_sse" in notes[0]


def test_claude_code_gets_milliseconds_and_http_for_streamable_http() -> None:
    servers, _ = read_back("claude-code", token_env="TOKEN")
    assert servers["knowledge"] == program(type="stdio", timeout=1500)
    assert servers["over_http"] == {
        "type": "http",
        "url": HTTP.url,
        "headers": {"X": "y", "Authorization": "Bearer ${TOKEN}"},
        "timeout": 60_000,
    }
    assert servers["over_sse"]["type"] == "sse"


def test_claude_desktop_gets_stdio_servers_only() -> None:
    servers, notes = read_back("claude-desktop")
    assert servers == {"knowledge": program()}
    assert len(notes) == 2


def test_cursor_and_vs_code_name_the_variable_with_env() -> None:
    cursor, _ = read_back("cursor", token_env="TOKEN")
    vscode, _ = read_back("vscode", token_env="TOKEN")
    assert cursor["knowledge"] == vscode["knowledge"] == program(type="stdio")
    headers = {"X": "y", "Authorization": "Bearer ${env:TOKEN}"}
    assert cursor["over_http"] == {"url": HTTP.url, "headers": headers}
    assert vscode["over_http"] == {"type": "http", "url": HTTP.url, "headers": headers}


def test_gemini_gets_milliseconds_and_http_url() -> None:
    servers, _ = read_back("gemini", token_env="TOKEN")
    assert servers["knowledge"] == program(cwd="/data", timeout=1500)
    assert servers["over_http"]["httpUrl"] == HTTP.url
    assert servers["over_http"]["headers"]["Authorization"] == "Bearer ${TOKEN}"
    assert servers["over_sse"]["url"] == SSE.url


def test_windsurf_gets_server_url() -> None:
    servers, _ = read_back("windsurf", token_env="TOKEN")
    assert servers["knowledge"] == program()
    assert servers["over_sse"] == {"serverUrl": SSE.url, "headers": {"Authorization": "Bearer ${env:TOKEN}"}}


def test_a_host_that_cannot_name_a_variable_gets_no_token() -> None:
    with pytest.raises(ConfigError, match="Cline cannot take a token"):
        host_block(HOSTS["cline"], ENTRIES, token_env="TOKEN")


@pytest.mark.parametrize("host", HOSTS)
def test_a_list_without_servers_is_an_empty_form(host: str) -> None:
    parse = {"json": json.loads, "toml": tomllib.loads}[HOSTS[host].form]
    assert parse(render_block(host_block(HOSTS[host], {}))).get(HOSTS[host].key, {}) == {}


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
def test_each_host_has_a_place_on_each_system(host: str, system: str, tmp_path: Path) -> None:
    home, project = tmp_path / "home", tmp_path / "project"
    path = host_file(HOSTS[host], system=system, home=home, project=project)
    of_the_project = host in {"claude-code", "cursor", "vscode"}
    assert path.is_relative_to(project if of_the_project else home)
    assert path.suffix == (".toml" if host == "codex" else ".json")


def test_claude_desktop_lies_in_appdata_on_windows_and_nowhere_on_an_unknown_system(tmp_path: Path) -> None:
    desktop = HOSTS["claude-desktop"]
    places = {"home": tmp_path, "project": tmp_path, "appdata": tmp_path / "roaming"}
    found = host_file(desktop, system="win32", **places)
    assert found == tmp_path / "roaming" / "Claude" / "claude_desktop_config.json"
    with pytest.raises(ConfigError, match="--file PATH"):
        host_file(desktop, system="plan9", **places)


def test_programs_and_files_are_named_in_full(tmp_path: Path) -> None:
    (tmp_path / "shop.sqlite").touch()
    (tmp_path / "serve").mkdir()
    arguments = (
        "--database",
        "shop.sqlite",
        "--file=shop.sqlite",
        "serve",
        "@scope/pkg",
        "-m",
        "a.b",
        "",
        "\0",
    )
    entry = absolute(ServerEntry(type="stdio", command="python3", args=arguments, cwd=tmp_path))
    shop = str(tmp_path / "shop.sqlite")
    assert Path(entry.command or "").is_absolute()
    assert entry.args == ("--database", shop, f"--file={shop}", "serve", "@scope/pkg", "-m", "a.b", "", "\0")


def test_a_program_that_is_not_there_stays_as_it_is_written() -> None:
    entry = ServerEntry(type="stdio", command="no-such-program-anywhere")
    assert absolute(entry).command == "no-such-program-anywhere"


@pytest.mark.parametrize(
    ("argument", "noted"),
    [
        ("data/shop.sqlite", True),
        ("../x", True),
        ("@scope/pkg", False),
        ("https://a/b.c", False),
        ("/a/b.c", False),
    ],
)
def test_a_relative_file_is_noted_where_the_host_has_no_folder_for_it(argument: str, noted: bool) -> None:
    entry = ServerEntry(type="stdio", command="x", args=(argument,))
    assert bool(host_block(HOSTS["cursor"], {"a": entry}).notes) is noted
    assert host_block(HOSTS["codex"], {"a": entry}).notes == ()


def test_over_http_each_server_gets_its_own_address() -> None:
    servers = over_http(ENTRIES, "streamableHttp", "https://host/{server}/mcp")
    assert [entry.url for entry in servers.values()] == [f"https://host/{name}/mcp" for name in ENTRIES]
    assert servers["knowledge"].auto_approve == ("search",)
    assert over_http({"a": SSE}, "sse", None) == {"a": SSE}


@pytest.mark.parametrize(
    ("names", "url", "said"),
    [
        (["knowledge"], None, "where 'knowledge' is served"),
        (["knowledge"], "file:///etc", "http://"),
        (["knowledge", "over_http"], "http://h/mcp", "{server}"),
    ],
)
def test_an_address_that_is_missing_or_shared_is_refused(
    names: list[str], url: str | None, said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        over_http({name: ENTRIES[name] for name in names}, "streamableHttp", url)
