from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from tao.models.local.catalog import Entry
from tao.models.local.part import Part
from tao.models.local.sources import HttpSource, SourceError, hugging_face, modelscope

Handler = Callable[[httpx.Request], httpx.Response]


def hub(handler: Handler) -> HttpSource:
    return HttpSource(
        "Hub", lambda entry: (f"https://hub.test/{entry.file}", {}), transport=httpx.MockTransport(handler)
    )


def ranged(request: httpx.Request, content: bytes) -> httpx.Response:
    start = int(request.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
    if not start:
        return httpx.Response(200, content=content)
    headers = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}
    return httpx.Response(206, content=content[start:], headers=headers)


class Broken(httpx.AsyncByteStream):
    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._content
        raise httpx.ReadError("the cable was pulled")


async def fetch(source: HttpSource, tiny: Entry, folder: Path) -> tuple[Part, list[int]]:
    part, seen = Part(folder / tiny.file), list[int]()
    await source.fetch(tiny, part, seen.append)
    return part, seen


async def test_a_file_arrives_and_its_progress_is_told(tiny: Entry, weights: bytes, folder: Path) -> None:
    part, seen = await fetch(hub(lambda request: httpx.Response(200, content=weights)), tiny, folder)
    assert part.path.read_bytes() == weights
    assert seen[-1] == len(weights)


async def test_a_broken_transfer_goes_on_where_it_ended(tiny: Entry, weights: bytes, folder: Path) -> None:
    starts: list[str | None] = []

    def handler(request: httpx.Request) -> httpx.Response:
        starts.append(request.headers.get("Range"))
        if len(starts) == 1:
            return httpx.Response(200, headers={"Content-Length": "1100"}, stream=Broken(weights[:400]))
        return ranged(request, weights)

    part, _ = await fetch(hub(handler), tiny, folder)
    assert part.path.read_bytes() == weights
    assert starts == [None, "bytes=400-"]


async def test_an_earlier_run_is_taken_up(tiny: Entry, weights: bytes, folder: Path) -> None:
    Part(folder / tiny.file).append(weights[:1000])
    part, seen = await fetch(hub(lambda request: ranged(request, weights)), tiny, folder)
    assert part.path.read_bytes() == weights
    assert min(seen) > 1000


async def test_a_hub_that_knows_no_ranges_starts_again(tiny: Entry, weights: bytes, folder: Path) -> None:
    Part(folder / tiny.file).append(b"x" * 1000)
    part, _ = await fetch(hub(lambda request: httpx.Response(200, content=weights)), tiny, folder)
    assert part.path.read_bytes() == weights


async def test_a_transfer_that_gains_nothing_is_given_up(tiny: Entry, folder: Path) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"Content-Length": "1100"}, stream=Broken(b""))

    with pytest.raises(SourceError, match="broke off"):
        await fetch(hub(handler), tiny, folder)


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (httpx.Response(404), "HTTP 404"),
        (httpx.Response(503), "HTTP 503"),
        (httpx.Response(200, content=b"<html>Please log in</html>"), "has 26 bytes and not 1100"),
        (httpx.Response(206, content=b"x"), "without saying which bytes"),
        (httpx.Response(206, content=b"x", headers={"Content-Range": "bytes 5-5/1100"}), "bytes from 5"),
        (httpx.Response(206, content=b"x", headers={"Content-Range": "bytes 0-0/9"}), "has 9 bytes"),
    ],
)
async def test_a_wrong_answer_is_told_and_nothing_of_it_is_kept(
    tiny: Entry, folder: Path, response: httpx.Response, message: str
) -> None:
    with pytest.raises(SourceError, match=message):
        await fetch(hub(lambda request: response), tiny, folder)
    assert Part(folder / tiny.file).size == 0


async def test_a_file_that_never_ends_is_cut_short(tiny: Entry, weights: bytes, folder: Path) -> None:
    class Endless(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            while True:
                yield bytes(1 << 18)

    with pytest.raises(SourceError, match="larger than 1100"):
        await fetch(hub(lambda request: httpx.Response(200, stream=Endless())), tiny, folder)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (httpx.ConnectTimeout("slow"), "no answer within 5 s"),
        (httpx.ReadTimeout("slow"), "nothing came for 60 s"),
        (httpx.ConnectError("no such host"), "cannot be reached .no such host"),
    ],
)
async def test_a_hub_out_of_reach_is_told(tiny: Entry, folder: Path, error: Exception, message: str) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise error

    with pytest.raises(SourceError, match=message):
        await fetch(hub(handler), tiny, folder)


@pytest.mark.parametrize(
    ("make", "address"),
    [
        (hugging_face, "/Somebody/Tiny-GGUF/resolve/main/tiny.gguf"),
        (modelscope, "/models/Somebody/Tiny-GGUF/resolve/master/tiny.gguf"),
    ],
)
async def test_each_hub_is_asked_at_its_own_address(
    tiny: Entry,
    weights: bytes,
    folder: Path,
    make: Callable[..., HttpSource],
    address: str,
) -> None:
    paths: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.path)
        return httpx.Response(200, content=weights)

    await fetch(make(transport=httpx.MockTransport(handler)), tiny, folder)
    assert paths == [address]
