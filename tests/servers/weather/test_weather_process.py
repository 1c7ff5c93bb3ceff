"""The process itself, with Open-Meteo's services on a local port."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import anyio
import httpx
import pytest
from mcp import Client, StdioServerParameters

pytestmark = pytest.mark.real

Handler = Callable[[httpx.Request], httpx.Response]


@pytest.fixture
def service(open_meteo: Handler) -> Iterator[str]:
    class Service(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = open_meteo(httpx.Request("GET", f"http://forecast.test{self.path}")).content
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing on stderr."""

    with HTTPServer(("127.0.0.1", 0), Service) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def _env(address: str) -> dict[str, str]:
    return {
        "TAO_WEATHER_FORECAST_URL": f"{address}/forecast",
        "TAO_WEATHER_GEOCODING_URL": f"{address}/search",
        "TAO_WEATHER_SOURCES": '["open-meteo"]',
        "NO_PROXY": "127.0.0.1",
        **{name: value for name, value in os.environ.items() if name.startswith("XDG_")},
    }


def _server(address: str, **env: str) -> StdioServerParameters:
    arguments = ["-m", "tao_servers.weather"]
    return StdioServerParameters(command=sys.executable, args=arguments, env=_env(address) | env)


def _run(address: str, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tao_servers.weather", *arguments]
    return subprocess.run(
        command,
        env={**os.environ, **_env(address), **env},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


async def test_the_process_asks_the_service_that_its_entry_names(
    service: str, asked: list[httpx.Request]
) -> None:
    with anyio.fail_after(60):
        async with Client(_server(service, TAO_AGENT_PLACE="Springfield, Missouri")) as client:
            reply = await client.call_tool("get_forecast", {"when": "tomorrow"})
    assert not reply.is_error
    assert "Weather in Springfield, Missouri, United States" in str(reply.content)
    (forecast,) = asked
    assert forecast.url.params["timezone"] == "America/Chicago"


async def test_the_process_says_that_nobody_listens() -> None:
    with socket.socket() as taken:
        # Bound and not listening: a connection is refused, and nobody else can get the port.
        taken.bind(("127.0.0.1", 0))
        with anyio.fail_after(60):
            async with Client(_server(f"http://127.0.0.1:{taken.getsockname()[1]}")) as client:
                reply = await client.call_tool("get_forecast", {"place": "上海"})
    assert reply.is_error
    assert "open-meteo 连接不上" in str(reply.content)


def test_a_forecast_is_drawn_without_colours_into_a_pipe(service: str) -> None:
    done = _run(service, "show", "上海", "--days", "5", COLUMNS="60", LC_ALL="C")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("上海市, 中国（31.2")
    assert "气温 °C（上：最高，下：最低）" in done.stdout
    assert "Open-Meteo" in done.stdout
    assert "\x1b" not in done.stdout
    again = json.loads(_run(service, "show", "Shanghai", "--when", "tomorrow", "--json").stdout)
    assert again["days"][0]["temperature_max_celsius"] > 0


@pytest.mark.skipif(sys.platform == "win32", reason="signals are another thing there")
def test_an_interrupted_forecast_ends_without_a_traceback() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        command = [sys.executable, "-m", "tao_servers.weather", "show", "上海"]
        # As in a terminal: what runs the tests in the background may have told its children to ignore SIGINT.
        with subprocess.Popen(
            command,
            env={**os.environ, **_env(address)},
            stderr=subprocess.PIPE,
            encoding="utf-8",
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        ) as process:
            silent.settimeout(30)
            connection, _ = silent.accept()
            with connection:
                process.send_signal(signal.SIGINT)
                _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in errors
