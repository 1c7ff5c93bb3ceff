"""The Inspector lists the tools of each server over each transport, and finds their schemas right."""

import json
from pathlib import Path

import pytest

from tests.real.hosts.conftest import Data
from tests.support.hosts_processes import Family

pytestmark = pytest.mark.real

_TOOLS = {
    "get_info": ["get_my_info", "get_info", "list_subjects", "get_time"],
    "knowledge": ["search_knowledge", "read_source", "list_sources"],
    "text2sql": ["list_tables", "describe_table", "find_values", "check_sql", "run_sql", "ask_database"],
    "weather": ["get_forecast", "get_alerts", "find_place"],
}
_each_server = pytest.mark.parametrize("server", _TOOLS)


def listed(programs: Path, processes: Family, target: list[str], *options: str) -> list[str]:
    """The names of the tools, in the order of the list."""
    command = [str(programs / "mcp-inspector"), "--cli", *target, "--method", "tools/list"]
    done = processes.run([*command, "--format", "json", "--strict", *options], seconds=60)
    assert done.code == 0, done.out + done.err
    return [tool["name"] for tool in json.loads(done.out)["result"]["tools"]]


@_each_server
@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_over_stdio(programs: Path, processes: Family, data: Data, server: str, era: str) -> None:
    environment = [
        word
        for name, value in processes.environment().items()
        for word in ("-e", f"{name}={value}")
        if name in {"PYTHONPATH", "TEST_FAMILY"}
    ]
    found = listed(programs, processes, data.command(server), *environment, "--protocol-era", era)
    assert found == _TOOLS[server]


@_each_server
@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_over_streamable_http(programs: Path, processes: Family, data: Data, server: str, era: str) -> None:
    with processes.serving(data.command(server, "--transport", "http", "--port", "0")) as port:
        target = [f"http://127.0.0.1:{port}/mcp", "--transport", "http"]
        assert listed(programs, processes, target, "--protocol-era", era) == _TOOLS[server]


@_each_server
def test_over_sse(programs: Path, processes: Family, data: Data, server: str) -> None:
    with processes.serving(data.command(server, "--transport", "sse", "--port", "0")) as port:
        target = [f"http://127.0.0.1:{port}/sse", "--transport", "sse"]
        assert listed(programs, processes, target) == _TOOLS[server]


def test_a_token_is_asked_for(programs: Path, processes: Family, data: Data) -> None:
    command = data.command("get_info", "--transport", "http", "--port", "0", "--token-env", "SECRET")
    with processes.serving(command, env=processes.environment(SECRET="open-sesame")) as port:
        target = [f"http://127.0.0.1:{port}/mcp", "--transport", "http", "--stored-auth-only"]
        right = "Authorization: Bearer open-sesame"
        assert listed(programs, processes, target, "--header", right) == _TOOLS["get_info"]
        refused = [str(programs / "mcp-inspector"), "--cli", *target, "--method", "tools/list"]
        assert processes.run([*refused, "--header", f"{right}!"], seconds=60).code != 0
