"""Fetches single pages and files of the web, within bounds of size and time."""

import codecs
import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote

from tao_servers.knowledge.ingesting.origin import Origin
from tao_servers.knowledge.loading import SUFFIXES, RefusedError

if TYPE_CHECKING:
    import httpx

__all__ = ["Web"]

_REDIRECTS = 10
_SILENCE = 20.0
_ACCEPTED = "text/html, text/*, application/pdf, */*;q=0.5"
_SUFFIX_OF = {
    "application/epub+zip": ".epub",
    "application/json": ".json",
    "application/ld+json": ".json",
    "application/pdf": ".pdf",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/x-ndjson": ".jsonl",
    "application/xhtml+xml": ".xhtml",
    "application/xml": ".xml",
    "image/bmp": ".bmp",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/tiff": ".tif",
    "image/webp": ".webp",
    "message/rfc822": ".eml",
    "text/csv": ".csv",
    "text/html": ".html",
    "text/markdown": ".md",
    "text/plain": ".txt",
    "text/tab-separated-values": ".tsv",
    "text/xml": ".xml",
}
# What servers call files whose kind they do not know: the suffix knows better.
_UNTOLD = frozenset({"", "application/octet-stream", "binary/octet-stream", "text/plain"})
_MARKUP = re.compile(r"text/|application/(xhtml\+xml|json|xml)$")
# Browsers read them so, since pages under the small names are full of characters of the large one.
_LARGER = {"gb2312": "gb18030", "gbk": "gb18030"}
# What the readers see by themselves, and what servers say without knowing.
_LEFT_TO_READERS = frozenset({"ascii", "cp1252", "iso8859-1", "utf-8"})


@dataclass(frozen=True, slots=True)
class Web:
    """How pages are fetched: of at most `limit` bytes, within `seconds`."""

    limit: int
    seconds: float
    attributes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    transport: "httpx.AsyncBaseTransport | None" = None

    def fetch(self, url: str) -> Origin:
        """What is at `url`.

        Raises:
            RefusedError: it cannot be had, for whatever reason.
        """
        import anyio
        import httpx

        try:
            # A password in an address is for the server, and no part of a name that is shown and kept.
            source = str(httpx.URL(url).copy_with(userinfo=b"", fragment=None))
            path, told, data = anyio.run(self._get, url)
        except RefusedError:
            raise
        except TimeoutError as exc:
            raise RefusedError(f"fetching it took more than {self.seconds:g} seconds") from exc
        except httpx.UnsupportedProtocol as exc:
            raise RefusedError("it leads to an address that is neither http nor https") from exc
        except httpx.TooManyRedirects as exc:
            raise RefusedError(f"it was redirected more than {_REDIRECTS} times") from exc
        except httpx.TimeoutException as exc:
            raise RefusedError(f"the server was silent for {_SILENCE:g} seconds; try again later") from exc
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError) as exc:
            raise RefusedError(f"it cannot be fetched: {exc or type(exc).__name__}") from exc
        return Origin(source, _name(path, told), data=_decoded(data, told), attributes=self.attributes)

    async def _get(self, url: str) -> tuple[str, str, bytes]:
        import anyio
        import httpx

        client = httpx.AsyncClient(
            transport=self.transport,
            timeout=_SILENCE,
            follow_redirects=True,
            max_redirects=_REDIRECTS,
            headers={"User-Agent": "tao-knowledge", "Accept": _ACCEPTED},
        )
        with anyio.fail_after(self.seconds):
            async with client, client.stream("GET", url) as reply:
                if not reply.is_success:
                    phrase = f"{reply.status_code} {reply.reason_phrase}".strip()
                    raise RefusedError(f"the server answered {phrase}")
                data = await self._body(reply)
                return reply.url.path, reply.headers.get("content-type", ""), data

    async def _body(self, reply: "httpx.Response") -> bytes:
        parts, size = [], 0
        async for part in reply.aiter_bytes():
            parts.append(part)
            size += len(part)
            if size > self.limit:
                raise RefusedError(f"it has more than {self.limit / 1_000_000:,.0f} MB, which is the limit")
        return b"".join(parts)


def _name(path: str, told: str) -> str:
    """A file name for what is at `path`, with the suffix that tells its kind."""
    kind = told.partition(";")[0].strip().lower()
    name = posixpath.basename(unquote(path).rstrip("/")) or "index"
    suffix = _SUFFIX_OF.get(kind, "")
    own = posixpath.splitext(name)[1].lower()
    return name if not suffix or own == suffix or (kind in _UNTOLD and own in SUFFIXES) else name + suffix


def _decoded(data: bytes, told: str) -> bytes:
    """The bytes as UTF-8 with a mark, where the server tells their encoding and they are in it."""
    charset = re.search(r"charset\s*=\s*[\"']?([\w.:-]+)", told, re.IGNORECASE)
    if charset is None or not _MARKUP.match(told.strip().lower()):
        return data
    try:
        encoding = codecs.lookup(charset[1]).name
        if encoding in _LEFT_TO_READERS:
            return data
        text = data.decode(_LARGER.get(encoding, encoding))
        return codecs.BOM_UTF8 + text.removeprefix("\ufeff").encode()
    except (LookupError, ValueError):
        return data
