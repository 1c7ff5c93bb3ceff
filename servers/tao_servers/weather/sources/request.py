"""One request to a service: what names it in the cache, and what of it nobody may see."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, quote, quote_plus, urlsplit

from tao_servers.weather.sources.source import SourceError

__all__ = ["Request"]

_HIDDEN = "…"
# Shorter values of the address's own query, such as `1` or `iso`, are words that a message may need.
_SHORTEST_SECRET = 6


@dataclass(frozen=True, slots=True)
class Request:
    """A GET of `url`, which may have a query of its own, with `params` added.

    `secret` names the parameters and headers that hold a key.
    """

    url: str
    params: Mapping[str, str | int | float]
    headers: Mapping[str, str]
    secret: frozenset[str]

    @property
    def host(self) -> str:
        """The name of the service in messages and rate limits.

        Raises:
            SourceError: the address is no HTTP URL.
        """
        return self._parts().hostname or ""

    def key(self) -> str:
        """The SHA-256, in hex, of what decides the reply: everything but the keys.

        Raises:
            SourceError: the address is no HTTP URL.
        """
        parts = self._parts()
        decisive = (
            [parts.scheme, parts.hostname, parts.port, parts.path],
            sorted(pair for pair in self._own_query(parts) if not self._is_secret(pair[0])),
            sorted((name, str(value)) for name, value in self.params.items() if not self._is_secret(name)),
            sorted(
                (name.lower(), value) for name, value in self.headers.items() if not self._is_secret(name)
            ),
        )
        return hashlib.sha256(json.dumps(decisive, ensure_ascii=True).encode()).hexdigest()

    def without_secrets(self, text: str) -> str:
        """The text with each key in it taken out."""
        for value in self._secrets():
            text = text.replace(value, _HIDDEN)
        return text

    def shows_secret(self, body: bytes) -> bool:
        """Whether a reply repeats a key, so that it must not be kept."""
        return any(value.encode() in body for value in self._secrets())

    def carries_secret(self) -> bool:
        """Whether the service was given a key at all."""
        return any(True for _ in self._secrets())

    def _secrets(self) -> list[str]:
        values = set(self._secret_values())
        found = values | {quote(value, safe="") for value in values} | {quote_plus(value) for value in values}
        return sorted(found - {""}, key=len, reverse=True)

    def _secret_values(self) -> Iterator[str]:
        parts = self._parts()
        yield from (parts.username or "", parts.password or "")
        for name, value in self._own_query(parts):
            if self._is_secret(name) or len(value) >= _SHORTEST_SECRET:
                yield value
        yield from (str(value) for name, value in self.params.items() if self._is_secret(name))
        for name, value in self.headers.items():
            if self._is_secret(name):
                # `Bearer KEY`: the key by itself is as secret.
                yield from (value, value.rpartition(" ")[2])

    def _is_secret(self, name: str) -> bool:
        return name.lower() in {one.lower() for one in self.secret}

    def _own_query(self, parts: SplitResult) -> list[tuple[str, str]]:
        return parse_qsl(parts.query, keep_blank_values=True)

    def _parts(self) -> SplitResult:
        try:
            parts = urlsplit(self.url)
            usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1)
        except ValueError:
            usable = None
        if not usable:
            raise SourceError("unreachable", "the address set for it is no http:// or https:// URL")
        return parts
