"""A streamed reply of an endpoint, in pieces that the test chooses."""

from collections.abc import AsyncIterator

import httpx

__all__ = ["Pieces", "streaming"]


class Pieces(httpx.AsyncByteStream):
    """A body; an exception in it is raised in its place."""

    def __init__(self, *pieces: bytes | Exception) -> None:
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece


def streaming(*pieces: bytes | Exception) -> httpx.Response:
    """A reply of server-sent events."""
    return httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=Pieces(*pieces))
