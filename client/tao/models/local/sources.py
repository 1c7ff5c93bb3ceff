"""Hubs that hold the weights as one file, read over HTTP and resumed where they broke off."""

import re
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Protocol

import anyio
import httpx

from tao.models.local.catalog import Entry
from tao.models.local.part import Part

__all__ = ["HttpSource", "Source", "SourceError", "hugging_face", "modelscope"]

_BLOCK = 1 << 18
_TRIES_WITHOUT_GAIN = 2


class SourceError(Exception):
    """One source did not deliver; its text completes the sentence `NAME: ...`."""


class Source(Protocol):
    """A place that weights come from."""

    @property
    def name(self) -> str:
        """The source, as the user knows it."""
        ...

    async def fetch(self, entry: Entry, part: Part, report: Callable[[int], None]) -> None:
        """Make `part` whole, going on where it ends; `report` is told how many bytes there are.

        Raises:
            SourceError: what has arrived stays for the next attempt.
        """
        ...


@dataclass(frozen=True)
class HttpSource:
    """A hub: `address` gives an entry's URL and request headers, and may import what it needs."""

    name: str
    address: Callable[[Entry], tuple[str, dict[str, str]]]
    connect_seconds: float = 5.0
    stall_seconds: float = 60.0
    transport: httpx.AsyncBaseTransport | None = None

    async def fetch(self, entry: Entry, part: Part, report: Callable[[int], None]) -> None:
        """Read the file; a transfer that breaks is taken up again as long as each try gains something."""
        url, headers = await anyio.to_thread.run_sync(self.address, entry)
        timeout = httpx.Timeout(self.stall_seconds, connect=self.connect_seconds)
        async with httpx.AsyncClient(
            headers=headers | {"Accept-Encoding": "identity"},
            timeout=timeout,
            follow_redirects=True,
            transport=self.transport,
        ) as client:
            idle_tries = 0
            while part.size < entry.size:
                before = part.size
                try:
                    await self._transfer(client, url, entry, part, report)
                except httpx.HTTPError as exc:
                    idle_tries = 0 if part.size > before else idle_tries + 1
                    if idle_tries == _TRIES_WITHOUT_GAIN or isinstance(exc, httpx.ConnectTimeout):
                        raise SourceError(self._reason(exc)) from exc

    async def _transfer(
        self, client: httpx.AsyncClient, url: str, entry: Entry, part: Part, report: Callable[[int], None]
    ) -> None:
        headers = {"Range": f"bytes={part.size}-"} if part.size else {}
        async with client.stream("GET", url, headers=headers) as response:
            start = _start(response, entry)
            if start > part.size:
                raise SourceError(f"it answered with the bytes from {start}, not from {part.size}")
            await anyio.to_thread.run_sync(part.cut, start)
            async for block in _blocks(response):
                if start + len(block) > entry.size:
                    raise SourceError(f"its file is larger than {entry.size} bytes")
                start = await anyio.to_thread.run_sync(part.append, block)
                report(start)
        if start < entry.size:
            raise httpx.RemoteProtocolError(f"the file ended after {start} of {entry.size} bytes")

    def _reason(self, exc: httpx.HTTPError) -> str:
        match exc:
            case httpx.ConnectTimeout():
                return f"no answer within {self.connect_seconds:g} s"
            case httpx.TimeoutException():
                return f"nothing came for {self.stall_seconds:g} s"
            case httpx.ConnectError():
                return f"cannot be reached ({exc})"
        return f"the transfer broke off ({exc or type(exc).__name__})"


async def _blocks(response: httpx.Response) -> AsyncGenerator[bytes]:
    # Fewer and larger writes than there are packets; what came before a break is kept.
    buffer = bytearray()
    try:
        async for block in response.aiter_bytes():
            buffer += block
            if len(buffer) >= _BLOCK:
                yield bytes(buffer)
                buffer.clear()
    except httpx.HTTPError:
        yield bytes(buffer)
        raise
    yield bytes(buffer)


def _start(response: httpx.Response, entry: Entry) -> int:
    # The size is checked before anything is kept: a login page answers 200 too.
    if response.status_code not in (200, 206):
        raise SourceError(f"it answered HTTP {response.status_code}")
    start, total = 0, response.headers.get("Content-Length")
    if response.status_code == 206:
        found = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", response.headers.get("Content-Range", ""))
        if found is None:
            raise SourceError("it answered HTTP 206 without saying which bytes")
        start, total = int(found[1]), found[2]
    if total is not None and total != str(entry.size):
        raise SourceError(f"its file has {total[:20]} bytes and not {entry.size}")
    return start


def hugging_face(*, transport: httpx.AsyncBaseTransport | None = None) -> HttpSource:
    """The Hugging Face hub, or the mirror named by HF_ENDPOINT."""
    return HttpSource("Hugging Face", _hub_address, transport=transport)


def _hub_address(entry: Entry) -> tuple[str, dict[str, str]]:
    try:
        from huggingface_hub import constants, get_token, hf_hub_url
    except ImportError as exc:
        raise SourceError("huggingface_hub is not installed (pip install 'tao-agent[local]')") from exc
    if constants.HF_HUB_OFFLINE:
        raise SourceError("not asked, because HF_HUB_OFFLINE is set")
    token = get_token()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return hf_hub_url(entry.repo, entry.file), headers


def modelscope(*, transport: httpx.AsyncBaseTransport | None = None) -> HttpSource:
    """ModelScope, the hub that is near to users in China."""
    return HttpSource("ModelScope", _modelscope_address, transport=transport)


def _modelscope_address(entry: Entry) -> tuple[str, dict[str, str]]:
    return f"https://modelscope.cn/models/{entry.repo}/resolve/master/{entry.file}", {}
