import json
import socket
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import anyio
import pytest
from mcp import Client, StdioServerParameters

pytestmark = pytest.mark.real
_HERE = Path(__file__).parent


class _OpenMeteo(BaseHTTPRequestHandler):
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path.startswith("/search?"):
            known = json.loads((_HERE / "geocoder.json").read_text(encoding="utf-8"))
            body = json.dumps({"results": known["Springfield"]}).encode()
        else:
            body = (_HERE / "forecast.json").read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing on stderr."""


@pytest.fixture
def service() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _OpenMeteo) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def _entry(address: str) -> StdioServerParameters:
    env = {
        "TAO_WEATHER_FORECAST_URL": f"{address}/forecast",
        "TAO_WEATHER_GEOCODING_URL": f"{address}/search",
        "NO_PROXY": "127.0.0.1",
    }
    return StdioServerParameters(command=sys.executable, args=["-m", "tao_servers.weather"], env=env)


async def test_the_process_asks_the_services_that_its_entry_names(service: str) -> None:
    with anyio.fail_after(60):
        async with Client(_entry(service)) as client:
            reply = await client.call_tool("get_forecast", {"place": "Springfield, Missouri", "days": 1})
    assert not reply.is_error
    assert "Weather in Springfield, Missouri, United States" in str(reply.content)
    search, forecast = _OpenMeteo.asked
    assert search.startswith("/search?name=Springfield&count=10&language=en")
    assert "latitude=37.21533" in forecast


async def test_the_process_says_that_nobody_listens() -> None:
    with socket.socket() as taken:
        # Bound and not listening: a connection is refused, and nobody else can get the port.
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with anyio.fail_after(60):
            async with Client(_entry(f"http://{address}")) as client:
                reply = await client.call_tool("get_forecast", {"place": "上海"})
    assert reply.is_error
    assert f"天气服务 {address} 连接不上" in str(reply.content)
