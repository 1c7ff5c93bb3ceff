"""One HTTP request and its reply, within limits; a failure that may pass is tried again."""

import json
import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, cast

import anyio

from tao_servers.weather.sources.cache import MAX_BODY_BYTES
from tao_servers.weather.sources.freshness import retry_after
from tao_servers.weather.sources.rates import Rates
from tao_servers.weather.sources.request import Request
from tao_servers.weather.sources.source import Failure, SourceError

if TYPE_CHECKING:
    import httpx

__all__ = ["Exchange", "Got"]

# 203 is MET Norway's way to say that a product will be withdrawn; the data are good.
_GOOD = (200, 203, 304)
_ATTEMPTS = 3
_LONGEST_PAUSE = 2.0
_REDIRECTS = 3
# What httpx unpacks piece by piece; others may be installed and turn a kilobyte into a gigabyte.
_ENCODINGS = ("", "identity", "gzip", "deflate")
# Where services say what was wrong: Open-Meteo, NWS (RFC 9457), QWeather, AMap, and the usual ones.
_REASONS = ("reason", "detail", "title", "message", "info", "error")

# Without a handler, Python itself prints each retry as a bare word on stderr.
logging.getLogger("stamina").addHandler(logging.NullHandler())


@dataclass(frozen=True, slots=True)
class Got:
    """A reply with a body to use, or of status 304; the names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Passing(SourceError):
    """A failure that may pass; `wait` is the time in seconds that the service asked for."""

    def __init__(self, failure: Failure, detail: str, wait: float | None = None) -> None:
        super().__init__(failure, detail)
        self.wait = wait


class Exchange:
    """Sends requests; `pause` is the first wait in seconds before another try, doubled each time."""

    def __init__(
        self,
        transport: "httpx.AsyncBaseTransport | None",
        *,
        timeout: float,
        clock: Callable[[], datetime],
        rates: Rates,
        pause: float,
    ) -> None:
        self._transport = transport
        self._timeout = timeout
        self._clock = clock
        self._rates = rates
        self._pause = pause
        self._client: httpx.AsyncClient | None = None

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()

    async def get(self, request: Request, conditions: Mapping[str, str]) -> Got:
        """Get `request`, trying up to three times; `conditions` are headers that ask whether it changed.

        Raises:
            SourceError: there is no reply of status 200, 203 or 304.
        """
        import stamina

        tries = stamina.retry_context(
            on=_wait_for,
            attempts=_ATTEMPTS,
            timeout=None,
            wait_initial=self._pause,
            wait_max=_LONGEST_PAUSE,
            wait_jitter=self._pause,
        )
        try:
            async for attempt in tries:
                with attempt:
                    await anyio.sleep(self._rates.take(request.host, patience=_LONGEST_PAUSE))
                    return await self._once(request, conditions)
        except _Passing as exc:
            raise SourceError(exc.failure, f"{exc.detail} (tried {_ATTEMPTS} times)") from exc
        raise AssertionError("stamina makes at least one attempt")

    async def _once(self, request: Request, conditions: Mapping[str, str]) -> Got:
        import httpx

        try:
            response = await self._send(request, conditions)
        except httpx.TimeoutException as exc:
            raise SourceError("late", f"no answer within {self._timeout:g} s") from exc
        except (httpx.NetworkError, httpx.ProtocolError, httpx.ProxyError) as exc:
            raise _Passing("unreachable", _said(request, exc)) from exc
        except (httpx.HTTPError, httpx.InvalidURL) as exc:
            raise SourceError("unreachable", _said(request, exc)) from exc
        try:
            body = await _read(response)
        except httpx.TimeoutException as exc:
            raise SourceError("late", f"the reply was not whole within {self._timeout:g} s") from exc
        except (httpx.TransportError, httpx.DecodingError) as exc:
            raise _Passing("unreadable", "the reply was cut short or damaged on its way") from exc
        finally:
            await response.aclose()
        headers = {name.lower(): value for name, value in response.headers.items()}
        if response.status_code in _GOOD:
            return Got(response.status_code, headers, body)
        raise self._refusal(request, response.status_code, headers, body)

    async def _send(self, request: Request, conditions: Mapping[str, str]) -> "httpx.Response":
        import httpx

        client = self._opened()
        # Merged, because the configured address may carry a customer's key in its query.
        url = httpx.URL(request.url).copy_merge_params(request.params)
        outgoing = client.build_request("GET", url, headers={**request.headers, **conditions})
        for _ in range(_REDIRECTS):
            response = await client.send(outgoing, stream=True)
            onward = response.next_request
            if onward is None or _origin(onward.url) != _origin(outgoing.url):
                # Keys and questions go to nobody but the service that was set.
                return response
            await response.aclose()
            outgoing = onward
        return await client.send(outgoing, stream=True)

    def _opened(self) -> "httpx.AsyncClient":
        import httpx  # costs a twentieth of the start, and only a call needs it

        if self._client is None:
            logging.getLogger("httpx").addFilter(_without_query)
            headers = {"User-Agent": "tao-agent", "Accept-Encoding": "gzip"}
            try:
                self._client = httpx.AsyncClient(
                    transport=self._transport, timeout=self._timeout, headers=headers
                )
            except (ImportError, ValueError, httpx.InvalidURL) as exc:
                # What httpx raises for a proxy variable that it cannot use; it may hold a password.
                reason = "the proxy settings cannot be used: check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY"
                raise SourceError("unreachable", reason) from exc
        return self._client

    def _refusal(self, request: Request, status: int, headers: Mapping[str, str], body: bytes) -> SourceError:
        detail = request.without_secrets(f"{status} {_reason(body)}").strip()
        wait = retry_after(headers, self._clock())
        if wait is not None and wait > _LONGEST_PAUSE and status in (429, 503):
            self._rates.hold(request.host, wait)
            return SourceError("busy" if status == 429 else "failing", f"{detail} (again in {wait:.0f} s)")
        if status == 429:
            return SourceError("busy", detail) if wait is None else _Passing("busy", detail, wait)
        if status >= 500:
            return _Passing("failing", detail, wait)
        if status == 401 or (status == 403 and request.carries_secret()):
            return SourceError("no key", detail)
        return SourceError("refused", detail)


async def _read(response: "httpx.Response") -> bytes:
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding not in _ENCODINGS:
        raise SourceError("unreadable", f"the reply is packed as {encoding!r}, which was not asked for")
    body = bytearray()
    # An async generator in truth, and only one that is closed lets go of the connection at once.
    async with aclosing(cast("AsyncGenerator[bytes, None]", response.aiter_bytes())) as parts:
        async for part in parts:
            body += part
            if len(body) > MAX_BODY_BYTES:
                raise SourceError("unreadable", f"the reply is longer than {MAX_BODY_BYTES} bytes")
    return bytes(body)


def _reason(body: bytes) -> str:
    """What a refusal says of itself; nothing where it is a page for a browser."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        text = body[:200].decode("utf-8", "replace").strip()
        return "" if text.startswith("<") else text
    for _ in range(2):
        if isinstance(said, dict):
            said = next((said[name] for name in _REASONS if isinstance(said.get(name), str | dict)), "")
    return said if isinstance(said, str) else ""


def _said(request: Request, exc: Exception) -> str:
    return request.without_secrets(str(exc)) or f"the connection broke off: {type(exc).__name__}"


def _origin(url: "httpx.URL") -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _wait_for(exc: Exception) -> bool | float:
    if not isinstance(exc, _Passing):
        return False
    return True if exc.wait is None else exc.wait


def _without_query(record: logging.LogRecord) -> bool:
    """Take keys and questions out of the line that httpx logs for each request."""
    import httpx

    if isinstance(record.args, tuple):
        record.args = tuple(
            one.copy_with(query=None, username=None, password=None) if isinstance(one, httpx.URL) else one
            for one in record.args
        )
    return True
