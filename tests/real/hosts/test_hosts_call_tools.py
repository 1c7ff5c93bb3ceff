"""Codex and Cline call our tools and give their models the true results."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.real.hosts.conftest import Data
from tests.support.hosts import Host, server_entry
from tests.support.hosts_endpoint import DONE, Call, scripted_host_endpoint
from tests.support.hosts_processes import Family

pytestmark = pytest.mark.real

_ADDRESS = "https://github.com/guofei9987/"
_PRICE = "iPhone 15 Pro Max: 7999元"
_ORDERS = "5432"
_EACH = pytest.mark.parametrize(
    ("server", "call", "wanted"),
    [
        ("get_info", Call("get_my_info", {"channel": "GitHub"}), _ADDRESS),
        ("knowledge", Call("search_knowledge", {"query": "iPhone 15 Pro Max 多少钱"}), _PRICE),
        ("text2sql", Call("run_sql", {"sql": "SELECT COUNT(*) AS orders FROM orders"}), _ORDERS),
    ],
    ids=["get_my_info", "search_knowledge", "run_sql"],
)


@contextmanager
def entry(processes: Family, data: Data, server: str, transport: str) -> Iterator[dict[str, Any]]:
    """The server list's entry for a server that can be reached over `transport`."""
    if transport == "stdio":
        yield server_entry(processes, data.command(server))
        return
    name, path = {"streamableHttp": ("http", "/mcp"), "sse": ("sse", "/sse")}[transport]
    with processes.serving(data.command(server, "--transport", name, "--port", "0")) as port:
        yield {"type": transport, "url": f"http://127.0.0.1:{port}{path}"}


def check(
    host: Host, processes: Family, data: Data, transport: str, server: str, call: Call, wanted: str
) -> None:
    with (
        entry(processes, data, server, transport) as listed,
        scripted_host_endpoint(call) as endpoint,
    ):
        done = host.ask(processes, {server: listed}, endpoint)
    assert done.code == 0, done.err
    assert host.tool(server, call.tool) in endpoint.offered()
    (result,) = endpoint.results()
    assert wanted in result
    assert DONE in done.out


@_EACH
@pytest.mark.parametrize("transport", ["stdio", "streamableHttp"])
def test_codex_gets_the_true_result(
    codex: Host, processes: Family, data: Data, transport: str, server: str, call: Call, wanted: str
) -> None:
    check(codex, processes, data, transport, server, call, wanted)


@_EACH
@pytest.mark.parametrize("transport", ["stdio", "streamableHttp", "sse"])
def test_cline_gets_the_true_result(
    cline: Host, processes: Family, data: Data, transport: str, server: str, call: Call, wanted: str
) -> None:
    check(cline, processes, data, transport, server, call, wanted)
