"""What is asked again and what is not: freshness, 304, one request in flight, damage, other processes."""

import datetime
from collections.abc import Callable
from pathlib import Path

import anyio
import httpx
import pytest

from tao.settings import WeatherSettings
from tao_servers.weather.sources import Weather
from tao_servers.weather.sources.source import SourceError
from tests.support.open_meteo_reply import Clock

URL = "https://weather.test/v1"
KEEP = datetime.timedelta(minutes=15)
HTTP_NOON = "Sun, 22 Nov 2026 04:00:00 GMT"


def _files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


class _Service:
    """Counts its requests, and answers each with its number and `headers`."""

    def __init__(self, headers: dict[str, str] | None = None) -> None:
        self.headers = headers or {}
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return httpx.Response(200, json={"number": len(self.asked)}, headers=self.headers)


def _weather(
    folder: Path, handler: Callable[[httpx.Request], httpx.Response], clock: Clock | None = None
) -> Weather:
    transport = httpx.MockTransport(handler)
    return Weather(
        WeatherSettings(timeout=5), cache=folder, transport=transport, clock=clock or Clock(), pause=0
    )


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 900),
        ({"cache-control": "public, max-age=1800"}, 1800),
        ({"cache-control": "max-age=1800", "age": "600"}, 1200),
        ({"cache-control": "max-age=5"}, 60),
        ({"cache-control": "max-age=31536000"}, 21_600),
        ({"cache-control": "no-cache"}, 60),
        ({"cache-control": "s-maxage=99", "expires": "Sun, 22 Nov 2026 04:31:00 GMT"}, 1860),
        ({"expires": "Sun, 22 Nov 2026 05:00:00 GMT", "date": "Sun, 22 Nov 2026 04:30:00 GMT"}, 1800),
        ({"expires": "0"}, 60),
        ({"expires": "Sun, 22 Nov 1998 04:00:00 GMT"}, 60),
        ({"cache-control": "max-age=nonsense"}, 900),
    ],
)
async def test_a_reply_stays_fresh_as_long_as_its_headers_say_within_reason(
    tmp_path: Path, headers: dict[str, str], seconds: int
) -> None:
    service, clock = _Service(headers), Clock()
    async with _weather(tmp_path, service, clock) as weather:
        first = await weather.fetch(URL, {}, keep=KEEP)
        clock.forward(seconds=seconds - 1)
        kept = await weather.fetch(URL, {}, keep=KEEP)
        clock.forward(seconds=1)
        again = await weather.fetch(URL, {}, keep=KEEP)
    assert (first.body, kept.body, again.body) == (b'{"number":1}', b'{"number":1}', b'{"number":2}')
    assert kept.fetched == first.fetched
    assert first.expires - first.fetched == datetime.timedelta(seconds=seconds)


async def test_no_store_is_kept_nowhere(tmp_path: Path) -> None:
    service = _Service({"cache-control": "no-store"})
    async with _weather(tmp_path, service) as weather:
        await weather.fetch(URL, {}, keep=KEEP)
        await weather.fetch(URL, {}, keep=KEEP)
    assert len(service.asked) == 2
    assert not _files(tmp_path)


async def test_an_expired_reply_is_asked_for_by_what_marks_it_and_304_renews_it(tmp_path: Path) -> None:
    clock = Clock()
    asked = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if request.headers.get("if-none-match") == '"v1"':
            return httpx.Response(304)
        return httpx.Response(200, json={}, headers={"etag": '"v1"', "last-modified": HTTP_NOON})

    async with _weather(tmp_path, handler, clock) as weather:
        await weather.fetch(URL, {}, keep=KEEP)
        clock.forward(minutes=16)
        renewed = await weather.fetch(URL, {}, keep=KEEP)
        clock.forward(minutes=14)
        await weather.fetch(URL, {}, keep=KEEP)
    assert renewed.body == b"{}"
    assert renewed.fetched == Clock().now + datetime.timedelta(minutes=16)
    assert asked[1].headers["if-modified-since"] == HTTP_NOON
    assert len(asked) == 2


async def test_another_process_finds_what_one_has_fetched(tmp_path: Path) -> None:
    service = _Service()
    for _ in range(2):
        async with _weather(tmp_path, service) as weather:
            await weather.fetch(URL, {"latitude": 31.222}, keep=KEEP)
    assert len(service.asked) == 1


async def test_parameters_and_headers_decide_and_keys_do_not(tmp_path: Path) -> None:
    service = _Service()
    secret = frozenset({"key"})
    async with _weather(tmp_path, service) as weather:
        await weather.fetch(URL, {"a": 1, "key": "one"}, keep=KEEP, secret=secret)
        await weather.fetch(URL, {"key": "two", "a": 1}, keep=KEEP, secret=secret)
        assert len(service.asked) == 1
        await weather.fetch(URL, {"a": 2}, keep=KEEP)
        await weather.fetch(URL, {"a": 2}, keep=KEEP, headers={"Accept": "application/geo+json"})
        await weather.fetch(f"{URL}/x", {"a": 2}, keep=KEEP)
    assert len(service.asked) == 4


async def test_two_who_ask_at_the_same_time_make_one_request(tmp_path: Path) -> None:
    arrived, answer = anyio.Event(), anyio.Event()
    asked, bodies = [], []

    async def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        arrived.set()
        await answer.wait()
        return httpx.Response(200, json={"number": len(asked)})

    async def ask() -> None:
        bodies.append((await weather.fetch(URL, {}, keep=KEEP)).body)

    transport = httpx.MockTransport(handler)
    with anyio.fail_after(5):
        async with (
            Weather(WeatherSettings(), cache=tmp_path, transport=transport, pause=0) as weather,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(ask)
            tasks.start_soon(ask)
            await arrived.wait()
            tasks.start_soon(ask)
            await anyio.wait_all_tasks_blocked()
            answer.set()
    assert bodies == [b'{"number":1}'] * 3
    assert len(asked) == 1


async def test_one_failure_is_the_failure_of_all_who_waited(tmp_path: Path) -> None:
    answer = anyio.Event()
    asked: list[httpx.Request] = []
    failures: list[str] = []

    async def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        await answer.wait()
        return httpx.Response(400, json={"reason": "no"})

    async def ask() -> None:
        try:
            await weather.fetch(URL, {}, keep=KEEP)
        except SourceError as exc:
            failures.append(str(exc))

    transport = httpx.MockTransport(handler)
    with anyio.fail_after(5):
        async with (
            Weather(WeatherSettings(), cache=tmp_path, transport=transport, pause=0) as weather,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(ask)
            tasks.start_soon(ask)
            await anyio.wait_all_tasks_blocked()
            answer.set()
    assert failures == ["refused: 400 no"] * 2
    assert len(asked) == 1


async def test_a_first_caller_who_is_cancelled_takes_nobody_along(tmp_path: Path) -> None:
    arrived, answer = anyio.Event(), anyio.Event()
    asked, bodies = [], []
    first = anyio.CancelScope()

    async def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        arrived.set()
        await answer.wait()
        return httpx.Response(200, json={})

    async def ask(scope: anyio.CancelScope) -> None:
        with scope:
            bodies.append((await weather.fetch(URL, {}, keep=KEEP)).body)

    transport = httpx.MockTransport(handler)
    with anyio.fail_after(5):
        async with (
            Weather(WeatherSettings(), cache=tmp_path, transport=transport, pause=0) as weather,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(ask, first)
            await arrived.wait()
            tasks.start_soon(ask, anyio.CancelScope())
            tasks.start_soon(ask, anyio.CancelScope())
            await anyio.wait_all_tasks_blocked()
            first.cancel()
            await anyio.wait_all_tasks_blocked()
            answer.set()
    assert bodies == [b"{}"] * 2
    assert len(asked) == 2


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-3],
        lambda content: content.replace(b"number", b"numbed"),
        lambda content: b"\x00" * len(content),
        lambda content: content.partition(b"\n")[2],
        lambda content: b'{"form": 99}\n' + content,
        lambda content: b"x" * 3_000_000,
    ],
)
async def test_a_damaged_entry_is_dropped_and_fetched_again(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    service = _Service()
    async with _weather(tmp_path, service) as weather:
        await weather.fetch(URL, {}, keep=KEEP)
        (path,) = _files(tmp_path)
        path.write_bytes(damage(path.read_bytes()))
        again = await weather.fetch(URL, {}, keep=KEEP)
        kept = await weather.fetch(URL, {}, keep=KEEP)
    assert again.body == kept.body == b'{"number":2}'


async def test_an_entry_from_the_future_is_not_believed(tmp_path: Path) -> None:
    service, clock = _Service(), Clock()
    async with _weather(tmp_path, service, clock) as weather:
        await weather.fetch(URL, {}, keep=KEEP)
        clock.forward(days=-2)
        await weather.fetch(URL, {}, keep=KEEP)
    assert len(service.asked) == 2


async def test_a_folder_that_cannot_be_written_costs_only_the_cache(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "file"
    folder.write_text("in the way", encoding="utf-8")
    service = _Service()
    async with _weather(folder / "cache", service) as weather:
        for _ in range(3):
            await weather.fetch(URL, {}, keep=KEEP)
    assert len(service.asked) == 3
    assert [record.getMessage() for record in caplog.records].count(
        "Weather is not cached: the folder cannot be written."
    ) == 1


async def test_the_cache_is_for_its_owner_alone(tmp_path: Path) -> None:
    async with _weather(tmp_path / "new" / "cache", _Service()) as weather:
        await weather.fetch(URL, {}, keep=KEEP)
    (path,) = _files(tmp_path / "new" / "cache")
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0
