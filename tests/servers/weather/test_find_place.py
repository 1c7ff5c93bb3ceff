from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from mcp.types import CallToolResult

Handler = Callable[[httpx.Request], httpx.Response]
Call = Callable[..., Awaitable[CallToolResult]]


def _text(reply: CallToolResult) -> str:
    return "\n".join(block.text for block in reply.content if block.type == "text")


def _places(reply: CallToolResult) -> list[dict[str, Any]]:
    assert not reply.is_error, _text(reply)
    assert reply.structured_content is not None
    places: list[dict[str, Any]] = reply.structured_content["places"]
    return places


async def test_places_of_one_name_are_listed_without_asking_anybody(
    call: Call, open_meteo: Handler, asked: list[httpx.Request]
) -> None:
    reply = await call(open_meteo, "find_place", {"name": "Springfield"})
    states = {place["path"][0] for place in _places(reply)}
    assert {"Missouri", "Massachusetts", "Illinois"} <= states
    assert _text(reply).startswith("Springfield may be:\n1. Springfield, ")
    assert asked == []


async def test_a_chinese_name_is_answered_in_chinese(call: Call, open_meteo: Handler) -> None:
    reply = await call(open_meteo, "find_place", {"name": "朝阳区"})
    assert ["北京市", "中国"] in [place["path"] for place in _places(reply)]
    assert _text(reply).startswith("朝阳区 可能是：")


async def test_a_name_that_only_the_geocoder_knows_is_asked_for(call: Call) -> None:
    known = {
        "name": "Qqzzxxy",
        "latitude": 61.25,
        "longitude": 10.5,
        "feature_code": "PPL",
        "country": "Norway",
        "country_code": "NO",
        "timezone": "Europe/Oslo",
    }

    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"results": [known]})

    (place,) = _places(await call(handler, "find_place", {"name": "Qqzzxxy"}))
    assert (place["latitude"], place["time_zone"]) == (61.25, "Europe/Oslo")


@pytest.mark.parametrize("name", ["", " \n", "x" * 10_000, "Qqzzxxy", "\x00", "91,200"])
async def test_a_name_of_nothing_is_refused(call: Call, open_meteo: Handler, name: str) -> None:
    reply = await call(open_meteo, "find_place", {"name": name})
    assert reply.is_error
    assert "Traceback" not in _text(reply)
    assert len(_text(reply)) < 700
