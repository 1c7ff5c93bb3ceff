"""`agent new-server` for real: the server that it writes, in the agent, in hosts, over HTTP, installed."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from tests.support import hosts_fixtures
from tests.support.endpoint import scripted_endpoint
from tests.support.hosts import Cline, Codex, Host
from tests.support.hosts_endpoint import DONE, Call, scripted_host_endpoint
from tests.support.hosts_processes import Family

pytestmark = pytest.mark.real
processes, programs = hosts_fixtures.processes, hosts_fixtures.programs

ROOT = Path(__file__).parent.parent.parent
AGENT = [sys.executable, "-c", "from tao.cli import main; main()"]
ACRES = {"amount": 5, "from_unit": "英亩", "to_unit": "亩"}
MU = 30.351423168
LONG = "a23456789_" * 3 + "a234567890"


def step(tool: str, **arguments: Any) -> str:
    return json.dumps({"thought": "", "actions": [{"tool": tool, "arguments": arguments}]})


CALL = step("my_units__convert", **ACRES)
ANSWER = step("finish", answer=f"5 英亩是 {MU} 亩。")


@dataclass(frozen=True)
class Made:
    """A generated project."""

    name: str
    folder: Path

    @property
    def config(self) -> Path:
        """Its server list."""
        return self.folder / "cline_config.json"

    @property
    def entry(self) -> dict[str, Any]:
        """Its entry in that list."""
        entry: dict[str, Any] = json.loads(self.config.read_text(encoding="utf-8"))["mcpServers"][self.name]
        return entry


def run(
    *command: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=os.environ | dict(env or {}),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def make(name: str, into: Path) -> Made:
    done = run(*AGENT, "new-server", name, "--into", into)
    assert done.returncode == 0, done.stderr
    return Made(name, Path(done.stdout.strip()))


def printed(made: Made, host: str) -> str:
    done = run(*AGENT, "config", host, "--config", made.config)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """A project in a folder whose name needs care."""
    folder = tmp_path / "我的 服务"
    folder.mkdir()
    return make("my_units", folder)


@pytest.mark.parametrize("name", ["x", LONG])
def test_a_new_project_passes_its_own_checks(tmp_path: Path, name: str) -> None:
    folder = make(name, tmp_path).folder
    for tool in (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"], ["pytest", "-q"]):
        done = run(sys.executable, "-m", *tool, cwd=folder)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.smoke
def test_the_agent_answers_through_the_new_server_at_once(made: Made) -> None:
    with scripted_endpoint(CALL, ANSWER) as endpoint:
        environ = {"TAO_MODEL_BASE_URL": endpoint.base_url, "TAO_MODEL_NAME": "m"}
        done = run(*AGENT, "ask", "--json", "--config", made.config, "5 英亩是多少亩？", env=environ)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["unsupported"], answer["stop_reason"]) == ([], "finish")
    assert answer["citations"][0]["tool"] == "my_units__convert"
    assert f"5 acre = {MU} 亩" in answer["citations"][0]["text"]


async def converted(client: Client) -> object:
    reply = await client.call_tool("convert", ACRES)
    assert reply.structured_content is not None
    return reply.structured_content["converted"]


@pytest.mark.parametrize("host", ["cline", "claude-desktop", "codex"])
async def test_what_is_printed_for_a_host_starts_the_server_from_any_folder(
    made: Made, tmp_path: Path, host: str
) -> None:
    text = await anyio.to_thread.run_sync(printed, made, host)
    servers = tomllib.loads(text)["mcp_servers"] if host == "codex" else json.loads(text)["mcpServers"]
    entry = servers["my_units"]
    # Without the working folder that some hosts cannot be told.
    started = StdioServerParameters(
        command=entry["command"], args=entry["args"], env=entry["env"], cwd=tmp_path
    )
    with anyio.fail_after(60):
        async with Client(started) as client:
            assert await converted(client) == MU


async def test_it_is_served_over_http_to_whoever_has_the_token(made: Made, processes: Family) -> None:
    entry = made.entry
    options = ["--transport", "http", "--port", "0", "--token-env", "UNITS_TOKEN"]
    environ = processes.environment(UNITS_TOKEN="secret", **entry["env"])
    with processes.serving([entry["command"], *entry["args"], *options], env=environ) as port:
        url = f"http://127.0.0.1:{port}/mcp"
        async with httpx2.AsyncClient(trust_env=False) as stranger:
            assert (await stranger.post(url, json={})).status_code == 401
        headers = {"Authorization": "Bearer secret"}
        with anyio.fail_after(60):
            async with (
                httpx2.AsyncClient(headers=headers, trust_env=False) as http,
                Client(streamable_http_client(url, http_client=http)) as client,
            ):
                assert await converted(client) == MU


def test_a_broken_table_is_one_line_and_exit_code_2(made: Made, tmp_path: Path) -> None:
    table = tmp_path / "mine.csv"
    table.write_bytes(b"\xff\xfe\x00")
    entry = made.entry
    done = run(entry["command"], *entry["args"], "--table", table, env=entry["env"])
    assert done.returncode == 2
    assert "mine.csv" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_can_be_installed_with_its_data_and_its_command(made: Made, tmp_path: Path) -> None:
    pytest.importorskip("hatchling")
    target = tmp_path / "installed"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    done = run(*pip, "--no-build-isolation", "--no-deps", "--no-index", "--target", target, made.folder)
    assert done.returncode == 0, done.stderr
    shutil.rmtree(made.folder)
    helped = run(target / "bin" / "mcp-my-units", "--help", env={"PYTHONPATH": str(target)})
    assert "--table" in helped.stdout, helped.stderr
    assert (target / "my_units" / "units.csv").is_file()


@pytest.mark.parametrize("kind", [Codex, Cline])
def test_a_real_host_gets_its_result(
    made: Made, programs: Path, processes: Family, kind: type[Codex] | type[Cline]
) -> None:
    host: Host = kind(programs)
    entry = made.entry
    listed = entry | {"env": processes.environment(**entry["env"])}
    with scripted_host_endpoint(Call("convert", ACRES)) as endpoint:
        done = host.ask(processes, {"my_units": listed}, endpoint)
    assert done.code == 0, done.err
    assert host.tool("my_units", "convert") in endpoint.offered()
    (result,) = endpoint.results()
    assert str(MU) in result
    assert DONE in done.out


def page() -> str:
    return (ROOT / "docs" / "your-own-server.md").read_text(encoding="utf-8")


def blocks(*languages: str) -> Iterator[tuple[str, str]]:
    found = re.findall(r"^```(\w+)\n(.*?)^```", page(), re.MULTILINE | re.DOTALL)
    return ((language, body) for language, body in found if language in languages)


def test_the_page_shows_the_tool_as_it_is_written(made: Made) -> None:
    shown = next(body for _, body in blocks("python"))
    server = (made.folder / "my_units" / "server.py").read_text(encoding="utf-8")
    assert textwrap.indent(shown, "    ") in server


def follow(folder: Path, environ: Mapping[str, str]) -> str:
    """Do what the page says, block by block, in one shell; gives all that was said."""
    script = []
    for number, (language, body) in enumerate(blocks("sh", "python", "diff")):
        if language == "sh":
            script.append(body.replace("--port 8931", "--port 0"))
        elif language == "diff":
            patch = folder / f"{number}.diff"
            patch.write_text(body, encoding="utf-8")
            script.append(f"git apply '{patch}'\n")
        elif body.startswith("# "):
            (folder / f"{number}.py").write_text(body, encoding="utf-8")
            script.append(f"cp '{folder / f'{number}.py'}' {body.split()[1]}\n")
    # The last one started a server: it has to say where it listens, and is still there.
    script.append(
        "while ! grep -q listening server.log; do kill -0 $! && sleep 0.1; done\nkill $!; wait $! || true\n"
    )
    script.append("python -m ruff check .\npython -m ruff format --check .\npython -m mypy\n")
    text = "".join(script).replace("UNITS_TOKEN &", "UNITS_TOKEN 2> server.log &")
    with (folder / "log").open("w+", encoding="utf-8") as log:
        process = subprocess.Popen(
            ["bash", "-euxc", text], cwd=folder, env=environ, stdout=log, stderr=log, start_new_session=True
        )
        try:
            code = process.wait(240)
        finally:
            # Nobody of its group outlives the test, whoever its parent is by now.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        log.seek(0)
        said = log.read()
    assert code == 0, said
    return said


def test_the_page_can_be_followed(tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "agent").write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -c "{AGENT[2]}" "$@"\n', encoding="utf-8"
    )
    (programs / "agent").chmod(0o755)
    (programs / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    (programs / "python").chmod(0o755)
    warm = step("my_units__temperature", degrees=98.6, from_scale="F", to_scale="C")
    with scripted_endpoint(CALL, ANSWER, warm, step("finish", answer="It is 37 °C.")) as endpoint:
        environ = os.environ | {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "GIT_CEILING_DIRECTORIES": str(tmp_path),
            "TAO_MODEL_BASE_URL": endpoint.base_url,
            "TAO_MODEL_NAME": "m",
        }
        said = follow(tmp_path, environ)
    assert f"5 英亩是 {MU} 亩。" in said
    assert "my_units__temperature" in said
    assert "98.6 °F = 37 °C" in said
    assert 'bearer_token_env_var = "UNITS_TOKEN"' in said
