"""The official conformance suite against a server made for it, each of our own, and our client."""

import shlex
import sys
from pathlib import Path

import pytest

from tests.real.conformance.expected import Findings, compare, expected_failures, read_findings
from tests.support.hosts_processes import Family

pytestmark = pytest.mark.real

_REVISIONS = ("2025-11-25", "2026-07-28")
_OURS = ("get_info", "knowledge", "text2sql", "weather")
_FIXTURES = [sys.executable, "-m", "tests.real.conformance.fixture_server"]
_ADAPTER = Path(__file__).with_name("client_adapter.py")
# All that the suite has for a client but for OAuth, which the client has none of.
_CLIENT = {
    "2025-11-25": ("initialize", "tools_call", "elicitation-sep1034-client-defaults", "sse-retry"),
    "2026-07-28": (
        "tools_call",
        "request-metadata",
        "sep-2322-client-request-state",
        "http-standard-headers",
        "http-custom-headers",
        "http-invalid-tool-headers",
        "json-schema-ref-no-deref",
        "json-schema-2020-12-preservation",
    ),
}
_each_revision = pytest.mark.parametrize("revision", _REVISIONS)


def findings_of(programs: Path, processes: Family, command: list[str], revision: str) -> Findings:
    """Run the suite against the server that `command` starts."""
    results = processes.folder / "results"
    with processes.serving([*command, "--transport", "http", "--port", "0"]) as port:
        url = f"http://127.0.0.1:{port}/mcp"
        suite = [
            str(programs / "conformance"),
            "server",
            "--url",
            url,
            "--requirements",
            revision,
            "-o",
            str(results),
        ]
        done = processes.run(suite, seconds=180)
    assert "=== SUMMARY ===" in done.out, done.out + done.err
    return read_findings(results, "server-")


@_each_revision
def test_a_server_made_by_our_serving_code_conforms(programs: Path, processes: Family, revision: str) -> None:
    found = findings_of(programs, processes, _FIXTURES, revision)
    assert compare(found, expected_failures("fixtures", revision=revision)) == []
    assert found.passed > 40


@_each_revision
@pytest.mark.parametrize("server", _OURS)
def test_our_servers_conform(programs: Path, processes: Family, server: str, revision: str) -> None:
    found = findings_of(programs, processes, [sys.executable, "-m", f"tao_servers.{server}"], revision)
    assert compare(found, expected_failures("ours", server, revision=revision)) == []
    assert found.passed > 20


@_each_revision
def test_our_client_conforms(programs: Path, processes: Family, revision: str) -> None:
    results = processes.folder / "results"
    adapter = shlex.join([sys.executable, str(_ADAPTER)])
    for scenario in _CLIENT[revision]:
        suite = [str(programs / "conformance"), "client", "--command", adapter, "--scenario", scenario]
        processes.run([*suite, "--spec-version", revision, "-o", str(results)], seconds=60)
    found = read_findings(results, "")
    assert compare(found, expected_failures("client", revision=revision)) == []
    assert len(list(results.iterdir())) == len(_CLIENT[revision])
