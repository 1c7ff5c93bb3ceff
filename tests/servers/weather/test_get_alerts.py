import datetime
import json
from typing import Any

import pytest
from mcp import Client
from mcp.types import CallToolResult

from tao.settings import WeatherSettings
from tao_servers.weather.server import build_server
from tao_servers.weather.values import Alert
from tests.support.weather_sources import GivenReport

_NOON = datetime.datetime(2026, 11, 22, 5, 20, tzinfo=datetime.UTC)
_RAIN = Alert(
    title="暴雨黄色预警",
    severity="黄色",
    area="上海市",
    issuer="上海中心气象台",
    starts=_NOON,
    ends=_NOON + datetime.timedelta(hours=6),
    text="预计未来6小时\n累积雨量将达50毫米以上。",
)


def _given(*alerts: Alert, **given: Any) -> GivenReport:
    attribution = "National Weather Service"
    return GivenReport(now=_NOON, source="nws", attribution=attribution, alerts=alerts, **given)


async def _ask(sources: GivenReport, place: str) -> CallToolResult:
    server = build_server(WeatherSettings(), sources=sources, clock=lambda: _NOON)
    async with Client(server) as client:
        return await client.call_tool("get_alerts", {"place": place})


def _text(reply: CallToolResult) -> str:
    return "\n".join(block.text for block in reply.content if block.type == "text")


async def test_warnings_are_told_with_their_times_at_the_place() -> None:
    sources = _given(_RAIN)
    reply = await _ask(sources, "上海")
    assert _text(reply).splitlines()[1:] == [
        "- 暴雨黄色预警（黄色; 上海市; 上海中心气象台; 2026-11-22 13:20 至 2026-11-22 19:20）: "
        "预计未来6小时 累积雨量将达50毫米以上。",
        "数据来源：National Weather Service；2026-11-22 13:20 取得",
    ]
    assert reply.structured_content is not None
    assert reply.structured_content["alerts"][0]["ends"] == "2026-11-22 19:20"
    assert sources.asked is not None
    assert sources.asked[0].time_zone == "Asia/Shanghai"
    assert sources.asked[2] == "alerts"


async def test_no_warnings_are_told_as_none_with_source_and_time() -> None:
    text = _text(await _ask(_given(), "Boston"))
    assert "There are no warnings in force." in text
    assert "Source: National Weather Service; read 2026-11-22 00:20" in text


async def test_old_data_without_warnings_are_not_told_as_no_warnings_now() -> None:
    text = _text(await _ask(_given(stale_seconds=80_000), "Boston"))
    assert "There were no warnings then; whether there are any by now is not known." in text
    assert "in force" not in text


async def test_a_place_without_a_source_of_warnings_is_no_place_without_warnings() -> None:
    reply = await _ask(
        _given(error="No source could give weather warnings: met.no (Norway only)."), "Nairobi"
    )
    assert reply.is_error
    assert "No source could give weather warnings" in _text(reply)


async def test_old_warnings_are_told_with_their_age_and_why() -> None:
    tried = (("nws", "late"),)
    reply = await _ask(_given(_RAIN, tried=tried, stale_seconds=10_900), "Boston")
    assert "These data are 3 hours old, because nws did not answer in time" in _text(reply)
    assert reply.structured_content is not None
    assert reply.structured_content["stale_minutes"] == 181


@pytest.mark.parametrize("count", [1, 20, 400])
async def test_many_long_warnings_stay_under_a_hosts_limit(count: int) -> None:
    long = _RAIN.model_copy(update={"text": "暴雨。" * 4000, "title": "T\x1b[2J\n" * 400})
    reply = await _ask(_given(*[long] * count), "上海")
    structure = reply.structured_content
    assert structure is not None
    assert len(_text(reply) + json.dumps(structure, ensure_ascii=False)) < 8000
    assert "\x1b" not in _text(reply)
    if count == 400:
        assert f"预警太多，只列出 {len(structure['alerts'])} 条（共 400 条）" in _text(reply)
        assert structure["alerts"]


@pytest.mark.parametrize("place", ["", "  ", "上" * 10_000])
async def test_a_place_that_is_none_is_refused(place: str) -> None:
    reply = await _ask(_given(_RAIN), place)
    assert reply.is_error
    assert len(_text(reply)) < 500
