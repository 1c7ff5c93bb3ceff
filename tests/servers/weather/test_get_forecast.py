import datetime
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import Client
from mcp.types import CallToolResult

from tao.hosts.cost import as_sent, estimate
from tao.settings import WeatherSettings
from tao.toolbox import ToolSpec
from tao_servers.weather.server import build_server

Handler = Callable[[httpx.Request], httpx.Response]
Call = Callable[..., Awaitable[CallToolResult]]

_TRANSCRIPTS = Path(__file__).with_name("transcripts")


def _text(reply: CallToolResult) -> str:
    return "\n".join(block.text for block in reply.content if block.type == "text")


def _structure(reply: CallToolResult) -> dict[str, Any]:
    assert not reply.is_error, _text(reply)
    structure: dict[str, Any] | None = reply.structured_content
    assert structure is not None
    return structure


def _size(reply: CallToolResult) -> int:
    return len(_text(reply) + json.dumps(_structure(reply), ensure_ascii=False))


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("zh_three_days", {"place": "上海"}),
        ("en_three_days", {"place": "Shanghai", "days": 3}),
        ("zh_tomorrow", {"place": "上海", "when": "明天"}),
        ("zh_thursday_with_air", {"place": "上海", "when": "周四", "air_quality": True}),
        ("en_tonight", {"place": "Shanghai", "when": "tonight"}),
        ("zh_now", {"place": "北京市", "detail": "now"}),
        ("en_weekend_far_west", {"place": "Los Angeles, California", "when": "this weekend"}),
    ],
)
async def test_answers_read_as_they_should(
    call: Call, open_meteo: Handler, name: str, arguments: dict[str, object]
) -> None:
    reply = await call(open_meteo, "get_forecast", arguments)
    assert _text(reply) + "\n" == (_TRANSCRIPTS / f"{name}.txt").read_text(encoding="utf-8")


async def test_the_structure_says_the_same_with_the_units_in_its_names(
    call: Call, open_meteo: Handler
) -> None:
    found = _structure(await call(open_meteo, "get_forecast", {"place": "上海", "when": "明天"}))
    assert found["time_zone"] == "Asia/Shanghai"
    assert found["asked"] == "“明天”是 2026-11-23（周一）"
    assert found["as_of"] == "2026-11-22 13:20"
    assert found["source"] == "open-meteo"
    assert "CC BY 4.0" in found["attribution"]
    assert found["days"] == [
        {
            "date": "2026-11-23",
            "weather": "中雨",
            "temperature_max_celsius": 13.5,
            "temperature_min_celsius": 5.5,
            "precipitation_mm": 1.3,
            "precipitation_probability_percent": 10.0,
            "wind_max_kmh": 21.0,
            "gusts_max_kmh": 36.5,
            "sunrise": "06:31",
            "sunset": "16:53",
        }
    ]


async def test_imperial_units_are_in_the_text_and_in_the_names(call: Call, open_meteo: Handler) -> None:
    reply = await call(
        open_meteo, "get_forecast", {"place": "Boston", "when": "2026-11-26"}, units="imperial"
    )
    (day,) = _structure(reply)["days"]
    assert (day["temperature_max_fahrenheit"], day["precipitation_inch"], day["wind_max_mph"]) == (
        61.7,
        0.2,
        14.9,
    )
    assert not [name for name in day if name.endswith(("celsius", "mm", "kmh"))]
    assert "high 61.7 °F" in _text(reply)
    assert "wind up to 14.9 mph" in _text(reply)


async def test_tomorrow_is_there_even_when_one_day_is_asked_for(call: Call, open_meteo: Handler) -> None:
    found = _structure(await call(open_meteo, "get_forecast", {"place": "上海", "days": 1}))
    assert [day["date"] for day in found["days"]] == ["2026-11-22", "2026-11-23"]


async def test_days_count_from_the_day_that_was_named(call: Call, open_meteo: Handler) -> None:
    found = _structure(await call(open_meteo, "get_forecast", {"place": "Oslo", "when": "Friday", "days": 2}))
    assert [day["date"] for day in found["days"]] == ["2026-11-27", "2026-11-28"]


async def test_days_as_text_are_a_number_all_the_same(call: Call, open_meteo: Handler) -> None:
    found = _structure(await call(open_meteo, "get_forecast", {"place": "上海", "days": "3"}))
    assert len(found["days"]) == 3


async def test_the_date_is_that_of_the_place(call: Call, open_meteo: Handler) -> None:
    late = datetime.datetime(2026, 11, 22, 20, tzinfo=datetime.UTC)
    here = await call(open_meteo, "get_forecast", {"place": "上海", "when": "today"}, now=late)
    there = await call(open_meteo, "get_forecast", {"place": "Los Angeles", "when": "today"}, now=late)
    assert _structure(here)["first_day"] == "2026-11-23"
    assert _structure(there)["first_day"] == "2026-11-22"


async def test_hours_begin_now_and_go_on_for_a_day(call: Call, open_meteo: Handler) -> None:
    reply = await call(open_meteo, "get_forecast", {"place": "上海", "detail": "hourly"})
    hours = [hour["time"] for hour in _structure(reply)["hours"]]
    assert (hours[0], hours[-1], len(hours)) == ("2026-11-22 13:00", "2026-11-23 12:00", 24)
    assert _structure(reply)["days"] == []
    assert "2026-11-22 13:00：阴，9.2 °C" in _text(reply)


async def test_a_clock_that_is_set_back_has_an_hour_twice(call: Call, open_meteo: Handler) -> None:
    before = datetime.datetime(2026, 10, 31, 12, tzinfo=datetime.UTC)
    arguments = {"place": "New York", "when": "tomorrow", "detail": "hourly"}
    found = _structure(await call(open_meteo, "get_forecast", arguments, now=before))
    hours = [hour["time"] for hour in found["hours"]]
    assert hours.count("2026-11-01 01:00") == 2
    assert hours[0] == "2026-11-01 00:00"


@pytest.mark.parametrize(("place", "units"), [("上海", "metric"), ("Springfield, Illinois", "imperial")])
@pytest.mark.parametrize("detail", ["daily", "hourly"])
async def test_sixteen_days_in_both_forms_stay_under_a_hosts_limit(
    call: Call, open_meteo: Handler, place: str, units: str, detail: str
) -> None:
    arguments = {"place": place, "days": 16, "detail": detail, "air_quality": True}
    reply = await call(open_meteo, "get_forecast", arguments, units=units)
    assert _size(reply) < 8000
    if detail == "daily":
        assert len(_structure(reply)["days"]) >= 12


async def test_hours_that_have_no_room_can_be_asked_for_next(call: Call, open_meteo: Handler) -> None:
    seen: list[str] = []
    when = "2026-11-23..2026-11-26"
    for _ in range(10):
        arguments = {"place": "Shanghai", "when": when, "detail": "hourly"}
        reply = await call(open_meteo, "get_forecast", arguments)
        assert _size(reply) < 8000
        seen += [hour["time"] for hour in _structure(reply)["hours"]]
        cut = [note for note in _structure(reply)["notes"] if "ask with when='" in note]
        if not cut:
            break
        when = cut[0].split("when='")[1].split("'")[0]
    assert len(seen) == len(set(seen)) == 96
    assert seen == sorted(seen)


async def test_past_days_are_there(call: Call, open_meteo: Handler) -> None:
    reply = await call(open_meteo, "get_forecast", {"place": "上海", "when": "昨天"})
    assert [day["date"] for day in _structure(reply)["days"]] == ["2026-11-21"]
    assert "昨天 2026-11-21（周六）：雾" in _text(reply)
    assert "现在" not in _text(reply)


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ("2027-03-01", "没有 2027-03-01（周一） 的预报：预报最远只到 2026-12-07（周一）"),
        ("明年1月1日", "最远只到 2026-12-07"),
        ("2020-01-01", "没有 2020-01-01（周三） 的天气：最早只到 2026-08-23"),
    ],
)
async def test_days_that_nobody_knows_are_refused_without_asking_anybody(
    call: Call, open_meteo: Handler, asked: list[httpx.Request], when: str, told: str
) -> None:
    reply = await call(open_meteo, "get_forecast", {"place": "上海", "when": when})
    assert reply.is_error
    assert told in _text(reply)
    assert asked == []


async def test_days_beyond_the_end_of_the_calendar_are_refused_too(call: Call, open_meteo: Handler) -> None:
    reply = await call(open_meteo, "get_forecast", {"place": "Oslo", "when": "9999-12-31", "days": 16})
    assert reply.is_error
    assert "There is no forecast for 9999-12-31 (Fri)" in _text(reply)


async def test_the_known_part_of_a_span_is_told_and_where_it_ends(call: Call, open_meteo: Handler) -> None:
    reply = await call(open_meteo, "get_forecast", {"place": "Oslo", "when": "December"})
    found = _structure(reply)
    assert found["asked"] == "'December' is 2026-12-01 (Tue) to 2026-12-31 (Thu)"
    assert found["days"][-1]["date"] == "2026-12-07"
    assert "There is no forecast after 2026-12-07 (Mon) yet." in _text(reply)


async def test_the_air_is_told_for_now_and_for_the_worst_hour_of_the_day(
    call: Call, open_meteo: Handler
) -> None:
    reply = await call(open_meteo, "get_forecast", {"place": "上海", "when": "今天", "air_quality": True})
    now, worst = _structure(reply)["air"]
    assert now["time"] == "2026-11-22 13:00"
    assert now["scale"] == "US AQI"
    assert now["pm2_5_micrograms_per_m3"] == pytest.approx(17.2, abs=0.1)
    assert worst["index"] == 83
    assert "ozone_micrograms_per_m3" not in now
    assert "空气质量列的是每天最差的一小时" in _text(reply)


async def test_without_the_air_there_is_still_the_weather(call: Call, open_meteo: Handler) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(503) if request.url.host.startswith("air") else open_meteo(request)

    reply = await call(handler, "get_forecast", {"place": "Oslo", "when": "today", "air_quality": True})
    assert _structure(reply)["days"]
    assert "The air quality could not be had: " in _text(reply)


async def test_without_a_place_the_users_own_is_taken(call: Call, open_meteo: Handler) -> None:
    english = await call(open_meteo, "get_forecast", {"when": "tomorrow"}, place="上海")
    chinese = await call(open_meteo, "get_forecast", {"place": " "}, place="上海")
    assert _text(english).startswith("Weather in Shanghai, China")
    assert _text(chinese).startswith("上海市, 中国")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({}, "Ask the user for the city"),
        ({}, "请问用户在哪个城市"),
        ({"place": ""}, "Ask the user for the city"),
        ({"when": "明天"}, "请问用户在哪个城市"),
        ({"when": "tomorrow"}, "Ask the user for the city"),
    ],
)
async def test_without_any_place_the_model_is_told_to_ask(
    call: Call, open_meteo: Handler, arguments: dict[str, object], told: str
) -> None:
    reply = await call(open_meteo, "get_forecast", arguments)
    assert reply.is_error
    assert told in _text(reply)


@pytest.mark.parametrize(
    "arguments",
    [
        {"place": "上" * 10_000},
        {"place": "Qqzzxxy"},
        {"place": "\x00\x1b[2J"},
        {"place": "🌧"},
        {"place": "<script>"},
        {"place": "95,181"},
        {"place": ["Oslo"]},
        {"place": "Oslo", "days": 0},
        {"place": "Oslo", "days": 17},
        {"place": "Oslo", "days": 2.5},
        {"place": "Oslo", "when": "soon"},
        {"place": "Oslo", "when": "x" * 10_000},
        {"place": "Oslo", "when": 5},
        {"place": "Oslo", "detail": "weekly"},
        {"place": "Oslo", "air_quality": "perhaps"},
    ],
)
async def test_what_makes_no_sense_is_refused_in_few_words(
    call: Call, open_meteo: Handler, arguments: dict[str, object]
) -> None:
    reply = await call(open_meteo, "get_forecast", arguments)
    assert reply.is_error
    assert "Traceback" not in _text(reply)
    assert len(_text(reply)) < 1000


async def test_an_unknown_weather_code_is_shown_as_its_number(call: Call, open_meteo: Handler) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        reply = open_meteo(request).json()
        reply["daily"]["weather_code"] = [42] * len(reply["daily"]["time"])
        return httpx.Response(200, json=reply)

    found = _structure(await call(handler, "get_forecast", {"place": "Oslo", "when": "today"}))
    assert found["days"][0]["weather"] == "weather code 42"


async def test_the_tools_are_small_and_say_that_they_only_read() -> None:
    async with Client(build_server(WeatherSettings())) as client:
        tools = (await client.list_tools()).tools
    assert [tool.name for tool in tools] == ["get_forecast", "get_alerts", "find_place"]
    sent = [as_sent(ToolSpec(f"weather__{t.name}", t.description or "", t.input_schema)) for t in tools]
    assert sum(map(estimate, sent)) < 600
    for tool in tools:
        assert tool.output_schema is not None
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint
        assert tool.annotations.idempotent_hint
        assert tool.annotations.open_world_hint
    assert [bool(tool.meta and tool.meta.get("tao/secondary")) for tool in tools] == [False, True, True]
