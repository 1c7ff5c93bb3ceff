"""Who is let in over HTTP, without a network."""

from collections.abc import Mapping

import httpx
import pytest

from tao_servers.serving.http import make_app
from tao_servers.serving.options import Serving, Token
from tao_servers.serving.server import make_server

TOKEN = Token("T", "right")
RIGHT = {"Authorization": "Bearer right"}


async def status(
    serving: Serving,
    *,
    path: str = "/mcp",
    method: str = "GET",
    headers: Mapping[str, str | bytes] | None = None,
) -> httpx.Response:
    app = make_app(make_server("gate", title="Gate", instructions="Gate."), serving)
    transport = httpx.ASGITransport(app, raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        raw = [(n.encode(), v if isinstance(v, bytes) else v.encode()) for n, v in (headers or {}).items()]
        return await client.request(method, path, headers=raw)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": "Bearer "}, 401),
        ({"Authorization": "right"}, 401),
        ({"Authorization": "Basic right"}, 401),
        ({"Authorization": "Bearer rightright"}, 401),
        ({"Authorization": b"Bearer r\xecght"}, 401),
        # Past the gate: GET has nothing to get, since there are no sessions.
        (RIGHT, 405),
        ({"Authorization": "bearer  right"}, 405),
    ],
)
async def test_only_the_token_opens(headers: dict[str, str | bytes], expected: int) -> None:
    reply = await status(Serving(transport="http", token=TOKEN), headers=headers)
    assert reply.status_code == expected
    if expected == 401:
        assert reply.headers["www-authenticate"].startswith("Bearer")
        assert "Authorization: Bearer" in reply.json()["error_description"]
        assert "right" not in reply.text


@pytest.mark.parametrize("path", ["/", "/mcp/", "//mcp", "/sse", "/messages/", "/.well-known/x", "/MCP"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_elsewhere_is_nothing(path: str, method: str) -> None:
    for token in (None, TOKEN):
        reply = await status(Serving(transport="http", token=token), path=path, method=method)
        assert reply.status_code == 404
        assert "/mcp" in reply.text


async def test_the_sse_server_has_other_paths() -> None:
    serving = Serving(transport="sse", token=TOKEN)
    assert (await status(serving, path="/mcp", method="POST", headers=RIGHT)).status_code == 404
    assert (await status(serving, path="/sse")).status_code == 401
    assert (await status(serving, path="/messages/", method="POST")).status_code == 401
    assert (await status(serving, path="/sse", method="POST", headers=RIGHT)).status_code == 405
    assert (await status(serving, path="/messages/", method="GET", headers=RIGHT)).status_code == 405


@pytest.mark.parametrize(
    ("host", "allowed", "expected"),
    [
        ("127.0.0.1:9", (), 405),
        ("localhost", (), 405),
        ("[::1]:9", (), 405),
        ("evil.example", (), 421),
        ("127.0.0.1.evil.example:9", (), 421),
        ("tao.example.com", ("tao.example.com",), 405),
        ("tao.example.com:8443", ("tao.example.com",), 405),
        ("tao.example.com:8443", ("tao.example.com:443",), 421),
        ("tao.example.com:443", ("tao.example.com:443",), 405),
        ("sub.tao.example.com", ("tao.example.com",), 421),
    ],
)
@pytest.mark.parametrize("transport", ["http", "sse"])
async def test_a_host_has_to_be_allowed(
    host: str, allowed: tuple[str, ...], expected: int, transport: str
) -> None:
    if transport == "http":
        serving = Serving(transport="http", allowed_hosts=allowed)
        reply = await status(serving, headers={"Host": host})
    else:
        serving = Serving(transport="sse", allowed_hosts=allowed)
        reply = await status(serving, path="/sse", method="PUT", headers={"Host": host})
    assert reply.status_code == expected


async def test_the_address_that_a_server_is_bound_to_is_allowed() -> None:
    serving = Serving(transport="http", host="10.0.0.5", token=TOKEN)
    assert (await status(serving, headers={"Host": "10.0.0.5:8000", **RIGHT})).status_code == 405
    everywhere = Serving(transport="http", host="0.0.0.0", token=TOKEN)
    assert (await status(everywhere, headers={"Host": "0.0.0.0:8000", **RIGHT})).status_code == 421


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("http://localhost:3000", 405),
        ("https://app.example.com", 405),
        ("https://evil.example", 403),
        ("https://app.example.com.evil.example", 403),
        ("null", 403),
    ],
)
async def test_a_page_of_another_origin_is_refused(origin: str, expected: int) -> None:
    serving = Serving(transport="http", allowed_origins=("https://app.example.com",))
    assert (await status(serving, headers={"Origin": origin})).status_code == expected


async def test_an_allowed_page_may_ask_and_read() -> None:
    serving = Serving(transport="http", allowed_origins=("https://app.example.com",), token=TOKEN)
    asks = {"Origin": "https://app.example.com", "Access-Control-Request-Method": "POST"}
    wants = {"Access-Control-Request-Headers": "authorization, mcp-protocol-version"}
    reply = await status(serving, method="OPTIONS", headers=asks | wants)
    assert reply.status_code == 200
    assert reply.headers["access-control-allow-origin"] == "https://app.example.com"
    refused = await status(serving, headers={"Origin": "https://app.example.com"})
    assert refused.status_code == 401
    assert refused.headers["access-control-allow-origin"] == "https://app.example.com"
