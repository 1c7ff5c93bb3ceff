"""Every provider of weather on one loopback port, with faults on demand.

By hand: `python -m tests.support.weather_service --port 8900 --fault open-meteo=500`, and then
`curl -X PUT -d '{"open-meteo": "slow"}' http://127.0.0.1:8900/faults` while it runs.
"""

import json
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, cast, get_args
from urllib.parse import parse_qsl, urlsplit

import click

from tests.support.weather import openmeteo, others
from tests.support.weather.faults import FAULTS, Fault, fail

__all__ = ["PROVIDERS", "Provider", "Seen", "WeatherService", "weather_service"]

Provider = Literal["open-meteo", "geocoding", "air", "met.no", "nws", "qweather", "amap"]
PROVIDERS: tuple[Provider, ...] = get_args(Provider)
_VARIABLES: dict[Provider, tuple[str, str]] = {
    "open-meteo": ("TAO_WEATHER_FORECAST_URL", "/v1/forecast"),
    "geocoding": ("TAO_WEATHER_GEOCODING_URL", "/v1/search"),
    "air": ("TAO_WEATHER_AIR_QUALITY_URL", "/v1/air-quality"),
    "met.no": ("TAO_WEATHER_METNO_URL", "/weatherapi"),
    "nws": ("TAO_WEATHER_NWS_URL", ""),
    "qweather": ("TAO_WEATHER_QWEATHER_URL", ""),
    "amap": ("TAO_WEATHER_AMAP_URL", ""),
}
_KEYS = {"TAO_WEATHER_QWEATHER_KEY_ENV": "QWEATHER_TEST_KEY", "TAO_WEATHER_AMAP_KEY_ENV": "AMAP_TEST_KEY"}


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as it came."""

    provider: Provider
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass
class WeatherService:
    """Where it listens, what goes wrong, and what it was asked."""

    port: int
    closed_port: int
    faults: dict[Provider, Fault] = field(default_factory=dict)
    requests: list[Seen] = field(default_factory=list)

    def url(self, provider: Provider) -> str:
        """The provider's address, as its setting wants it; one that is refused is where nobody listens."""
        port = self.closed_port if self.faults.get(provider) == "refused" else self.port
        return f"http://127.0.0.1:{port}/{provider}{_VARIABLES[provider][1]}"

    def variables(self, *, keys: bool = False) -> dict[str, str]:
        """The environment that leads `tao-weather` here; with `keys`, also to QWeather and AMap."""
        found = {name: self.url(provider) for provider, (name, _) in _VARIABLES.items()}
        more = _KEYS | dict.fromkeys(_KEYS.values(), "test-key") if keys else {}
        return found | more | {"NO_PROXY": "127.0.0.1"}

    def fail(self, fault: Fault | None, *providers: Provider) -> None:
        """From now on these providers, or all, have the fault; None mends them."""
        for provider in providers or PROVIDERS:
            if fault is None:
                self.faults.pop(provider, None)
            else:
                self.faults[provider] = fault

    def asked(self) -> list[Provider]:
        """The providers in the order in which they were asked."""
        return [seen.provider for seen in self.requests]

    def answer(self, seen: Seen) -> Any:
        """The right reply.

        Raises:
            Refused, Missing: the request is wrong.
        """
        known: dict[Provider, Callable[[], Any]] = {
            "open-meteo": lambda: openmeteo.forecast(seen.query),
            "geocoding": lambda: openmeteo.search(seen.query),
            "air": lambda: openmeteo.air_quality(seen.query),
            "met.no": lambda: others.met_no(seen.path, seen.query),
            "nws": lambda: others.nws(seen.path, seen.query),
            "qweather": lambda: others.qweather(seen.path, seen.query),
            "amap": lambda: others.amap(seen.path, seen.query),
        }
        return known[seen.provider]()


@contextmanager
def weather_service(port: int = 0) -> Iterator[WeatherService]:
    """Serve until the block ends."""
    ending = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen = _seen(self.path, dict(self.headers))
            if seen is None:
                self._send(404, {"error": True, "reason": f"{self.path} is unknown"})
                return
            service.requests.append(seen)
            status, reply = _reply(service, seen)
            fault = service.faults.get(seen.provider)
            try:
                if fault is None:
                    self._send(status, reply)
                else:
                    self.close_connection = True
                    fail(fault, self, reply, ending)
            except OSError:
                # The client had enough.
                self.close_connection = True

        def do_PUT(self) -> None:
            try:
                given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                service.faults = _checked(given)
            except ValueError as exc:
                self._send(400, {"error": True, "reason": str(exc)})
            else:
                self._send(200, service.faults)

        def _send(self, status: int, reply: Any) -> None:
            body = json.dumps(reply, ensure_ascii=False).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with socket.socket() as closed, _Server(("127.0.0.1", port), Handler) as server:
        # Bound and not listening: a connection is refused, and nobody else can get the port.
        closed.bind(("127.0.0.1", 0))
        service = WeatherService(server.server_port, closed.getsockname()[1])
        thread = threading.Thread(target=server.serve_forever, args=[0.05])
        thread.start()
        try:
            yield service
        finally:
            ending.set()
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that leaves, or is thrown out, is no news."""
        if not isinstance(sys.exception(), OSError | ValueError):
            super().handle_error(cast("socket.socket", request), client_address)


def _seen(target: str, headers: Mapping[str, str]) -> Seen | None:
    parts = urlsplit(target)
    name, _, path = parts.path.strip("/").partition("/")
    if name not in PROVIDERS:
        return None
    return Seen(name, f"/{path}", dict(parse_qsl(parts.query)), headers)


def _reply(service: WeatherService, seen: Seen) -> tuple[int, Any]:
    try:
        return 200, service.answer(seen)
    except (openmeteo.Refused, KeyError, ValueError) as exc:
        return 400, {"error": True, "reason": str(exc)}
    except others.Missing as exc:
        return 404, {"title": "Not Found", "detail": str(exc)}


def _checked(given: Mapping[str, str]) -> dict[Provider, Fault]:
    for provider, fault in given.items():
        if provider not in PROVIDERS or fault not in FAULTS:
            raise ValueError(
                f"{provider}={fault}: a provider is one of {', '.join(PROVIDERS)}; a fault one of "
                f"{', '.join(FAULTS)}"
            )
    return cast(dict[Provider, Fault], dict(given))


@click.command(help="Serve every provider of weather on loopback, and print the variables that lead there.")
@click.option("--port", default=0, help="0 takes a free one.")
@click.option("--fault", "faults", multiple=True, metavar="PROVIDER=FAULT", help="As often as you like.")
@click.option("--keys", is_flag=True, help="Also name test keys of QWeather and AMap.")
def main(port: int, faults: tuple[str, ...], keys: bool) -> None:
    """Serve until Ctrl-C."""
    try:
        wanted = _checked(dict(fault.partition("=")[::2] for fault in faults))
    except ValueError as exc:
        raise click.UsageError(str(exc)) from exc
    with weather_service(port) as service:
        service.faults = wanted
        for name, value in service.variables(keys=keys).items():
            click.echo(f"export {name}={value}")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            click.echo("ended", err=True)


if __name__ == "__main__":
    main()
