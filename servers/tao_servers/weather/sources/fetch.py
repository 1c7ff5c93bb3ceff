"""How every source is asked: through the cache, once at a time, within a time limit."""

import datetime
import json
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import partial

import anyio
import anyio.to_thread

from tao_servers.weather.sources.cache import Cache, Entry
from tao_servers.weather.sources.exchange import Exchange, Got
from tao_servers.weather.sources.flights import Flights
from tao_servers.weather.sources.freshness import fresh_for, may_be_kept
from tao_servers.weather.sources.request import Request
from tao_servers.weather.sources.source import Reply, SourceError

__all__ = ["CachedFetch", "FromCacheOnly"]

_log = logging.getLogger("tao_servers.weather")


@dataclass(frozen=True, slots=True)
class _Result:
    entry: Entry
    is_new: bool = False
    may_be_kept: bool = True


@dataclass(slots=True)
class _Draft:
    """What was fetched or found for a reader who has not accepted it yet."""

    new: dict[str, Entry] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)


_draft: ContextVar[_Draft | None] = ContextVar("_draft", default=None)


class CachedFetch:
    """A `Fetch`: from the cache while fresh, else from the network, for at most `timeout` seconds."""

    def __init__(
        self, cache: Cache, exchange: Exchange, *, timeout: float, clock: Callable[[], datetime.datetime]
    ) -> None:
        self._cache = cache
        self._exchange = exchange
        self._timeout = timeout
        self._clock = clock
        self._flights: Flights[_Result] = Flights()

    async def __call__(
        self,
        url: str,
        params: Mapping[str, str | int | float],
        *,
        keep: datetime.timedelta,
        headers: Mapping[str, str] | None = None,
        secret: frozenset[str] = frozenset(),
    ) -> Reply:
        """Get the reply; see `Fetch`.

        Raises:
            SourceError: there is no reply of status 200 that is JSON.
        """
        request = Request(url, params, headers or {}, secret)
        key = request.key()
        with anyio.move_on_after(self._timeout):
            result = await self._flights.join(key, partial(self._result, request, key, keep))
            await self._note(key, result)
            return _reply(result.entry)
        raise SourceError("late", f"no answer within {self._timeout:g} s")

    @asynccontextmanager
    async def accepted(self) -> AsyncIterator[None]:
        """Keep what is fetched inside only where the reader could use it.

        A reply that is JSON and yet no weather thus never takes the place of a good one, and one that the
        cache held and that cannot be read is forgotten.
        """
        draft = _Draft()
        before = _draft.set(draft)
        try:
            yield
        except SourceError as exc:
            if exc.failure == "unreadable":
                await anyio.to_thread.run_sync(self._drop, draft.held)
            raise
        finally:
            _draft.reset(before)
        await anyio.to_thread.run_sync(self._write, draft.new)

    async def _result(self, request: Request, key: str, keep: datetime.timedelta) -> _Result:
        held = await anyio.to_thread.run_sync(self._cache.read, key)
        now = self._clock()
        # A clock that was set back must not make an entry immortal.
        if held is not None and held.fetched <= now < held.expires:
            _log.debug("from cache", extra={"fields": {"host": request.host}})
            return _Result(held)
        begun = time.perf_counter()
        outcome: object = "cancelled"
        try:
            got = await self._exchange.get(request, _conditions(held))
            result = self._read(request, got, keep, held)
            outcome = got.status
            return result
        except SourceError as exc:
            outcome = str(exc)
            raise
        finally:
            seconds = round(time.perf_counter() - begun, 3)
            fields = {"host": request.host, "outcome": outcome, "seconds": seconds}
            _log.info("request", extra={"fields": fields})

    def _read(self, request: Request, got: Got, keep: datetime.timedelta, held: Entry | None) -> _Result:
        now = self._clock()
        expires = now + fresh_for(got.headers, keep, now)
        if got.status == 304:
            if held is None:
                raise SourceError("unreadable", "304 to a request that asked for everything")
            return _Result(replace(held, fetched=now, expires=expires), is_new=True)
        _check_json(request, got.body)
        etag, modified = (_short(got.headers.get(name, "")) for name in ("etag", "last-modified"))
        entry = Entry(got.body, now, expires, etag, modified)
        kept = may_be_kept(got.headers) and not request.shows_secret(got.body)
        return _Result(entry, is_new=True, may_be_kept=kept)

    async def _note(self, key: str, result: _Result) -> None:
        draft = _draft.get()
        if not result.is_new:
            if draft is not None:
                draft.held.add(key)
        elif result.may_be_kept:
            if draft is not None:
                draft.new[key] = result.entry
            else:
                await anyio.to_thread.run_sync(self._cache.write, key, result.entry)

    def _write(self, entries: Mapping[str, Entry]) -> None:
        for key, entry in entries.items():
            self._cache.write(key, entry)

    def _drop(self, keys: set[str]) -> None:
        for key in keys:
            self._cache.drop(key)


class FromCacheOnly:
    """A `Fetch` that never asks: whatever the cache holds, expired or not, up to an age."""

    def __init__(
        self, cache: Cache, *, clock: Callable[[], datetime.datetime], oldest: datetime.timedelta
    ) -> None:
        self._cache = cache
        self._clock = clock
        self._oldest = oldest

    async def __call__(
        self,
        url: str,
        params: Mapping[str, str | int | float],
        *,
        keep: datetime.timedelta,
        headers: Mapping[str, str] | None = None,
        secret: frozenset[str] = frozenset(),
    ) -> Reply:
        """Get what the cache holds.

        Raises:
            SourceError: it holds nothing, or it is too old.
        """
        key = Request(url, params, headers or {}, secret).key()
        held = await anyio.to_thread.run_sync(self._cache.read, key)
        if held is None or not held.fetched <= self._clock() <= held.fetched + self._oldest:
            raise SourceError("unreachable", "nothing in the cache")
        return _reply(held)


def _reply(entry: Entry) -> Reply:
    return Reply(entry.body, entry.fetched, entry.expires)


def _conditions(held: Entry | None) -> dict[str, str]:
    if held is None:
        return {}
    asked = {"If-None-Match": held.etag, "If-Modified-Since": held.modified}
    return {name: value for name, value in asked.items() if value}


def _short(validator: str) -> str:
    return validator if len(validator) <= 200 else ""


def _check_json(request: Request, body: bytes) -> None:
    try:
        json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as exc:
        if body.lstrip()[:1] in (b"{", b"[") and not isinstance(exc, UnicodeDecodeError):
            raise SourceError("unreadable", "its JSON is cut short or damaged") from exc
        start = request.without_secrets(body[:300].decode("utf-8", "replace"))[:60]
        raise SourceError("unreadable", f"no JSON in UTF-8; it begins {start!r}") from exc
