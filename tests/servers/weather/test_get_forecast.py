import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from mcp import Client
from mcp.types import CallToolResult

from tao.settings import WeatherSettings
from tao_servers.weather.server import build_server

Handler = Callable[[httpx.Request], httpx.Response]
Ask = Callable[[Handler, dict[str, Any]], Awaitable[CallToolResult]]


def _text(reply: CallToolResult) -> str:
    return "\n".join(block.text for block in reply.content if block.type == "text")


def _structure(reply: CallToolResult) -> dict[str, Any]:
    assert not reply.is_error, _text(reply)
    structure: dict[str, Any] | None = reply.structured_content
    assert structure is not None
    return structure


async def test_a_chinese_place_gets_a_chinese_forecast(ask: Ask, open_meteo: Handler) -> None:
    reply = await ask(open_meteo, {"place": "上海"})
    assert _text(reply).splitlines() == [
        "上海, 中国（31.2304, 121.474）的天气，时区 Asia/Shanghai",
        "现在（2026-11-22 13:15）：阴，14.2 °C",
        "今天 2026-11-22（周日）：阴，最高 15.1 °C，最低 9.3 °C，降水 0 mm，降水概率 8 %，最大风速 14.5 km/h",
        "明天 2026-11-23（周一）：中雨，最高 12.4 °C，最低 8 °C，降水 11.2 mm，降水概率 93 %，"
        "最大风速 22.3 km/h",
        "后天 2026-11-24（周二）：晴，最高 13 °C，最低 -1.5 °C，降水 0 mm，降水概率 2 %，最大风速 10.1 km/h",
        "数据来源：Open-Meteo (https://open-meteo.com/), CC BY 4.0",
    ]


async def test_an_english_place_gets_an_english_forecast(ask: Ask, open_meteo: Handler) -> None:
    reply = await ask(open_meteo, {"place": "Shanghai", "days": 2})
    assert _text(reply).splitlines() == [
        "Weather in Shanghai, China (31.2304, 121.474), time zone Asia/Shanghai",
        "now (2026-11-22 13:15): overcast, 14.2 °C",
        "today 2026-11-22 (Sun): overcast, high 15.1 °C, low 9.3 °C, precipitation 0 mm, "
        "chance of precipitation 8 %, wind up to 14.5 km/h",
        "tomorrow 2026-11-23 (Mon): moderate rain, high 12.4 °C, low 8 °C, precipitation 11.2 mm, "
        "chance of precipitation 93 %, wind up to 22.3 km/h",
        "Source: Open-Meteo (https://open-meteo.com/), CC BY 4.0",
    ]


async def test_the_structure_says_the_same(ask: Ask, open_meteo: Handler) -> None:
    found = _structure(await ask(open_meteo, {"place": "上海"}))
    assert found["days"][:1] == [
        {
            "date": "2026-11-22",
            "weather": "阴",
            "temperature_max_celsius": 15.1,
            "temperature_min_celsius": 9.3,
            "precipitation_mm": 0.0,
            "precipitation_probability_percent": 8,
            "wind_max_kmh": 14.5,
        }
    ]
    assert found["current"] == {"time": "2026-11-22T13:15", "weather": "阴", "temperature_celsius": 14.2}
    assert found["place"] == "上海, 中国"
    assert found["time_zone"] == "Asia/Shanghai"
    assert "https://open-meteo.com/" in found["source"]


async def test_the_service_is_asked_for_units_days_and_the_places_own_time_zone(
    ask: Ask, open_meteo: Handler, asked: list[httpx.Request]
) -> None:
    await ask(open_meteo, {"place": "New York", "days": 16})
    (request,) = asked
    params = request.url.params
    assert (params["latitude"], params["longitude"]) == ("40.7128", "-74.006")
    assert (params["timezone"], params["forecast_days"]) == ("America/New_York", "16")
    assert (params["temperature_unit"], params["wind_speed_unit"]) == ("celsius", "kmh")
    assert "precipitation_probability_max" in params["daily"].split(",")


@pytest.mark.parametrize(
    ("place", "label"),
    [
        ("上海", "上海, 中国"),
        ("上海市", "上海, 中国"),
        ("中国上海", "上海, 中国"),
        ("上海, 中国", "上海, 中国"),
        ("北京", "北京, 中国"),
        ("Beijing", "Beijing, China"),
        ("beijing", "Beijing, China"),
        ("  BEI JING ", "Beijing, China"),
        ("Beijing, China", "Beijing, China"),
        ("New York", "New York, New York, United States"),
        ("New York, USA", "New York, New York, United States"),
        ("Washington, D.C.", "Washington, United States"),
        ("London, UK", "London, United Kingdom"),
        ("纽约", "纽约, 美国"),
        ("纽约市", "纽约, 美国"),
        ("Xi’an", "Xi'an, Shaanxi, China"),
        ("Sao Paulo", "São Paulo, Brazil"),
        ("广东省深圳市", "深圳, 广东"),
        ("内蒙古自治区呼和浩特市", "呼和浩特, 内蒙古"),
        ("延边朝鲜族自治州", "延吉, 吉林"),
        ("臺北", "台北, 台湾"),
    ],
)
async def test_a_well_known_city_needs_no_geocoder(
    ask: Ask, open_meteo: Handler, asked: list[httpx.Request], place: str, label: str
) -> None:
    assert _structure(await ask(open_meteo, {"place": place}))["place"] == label
    assert [request.url.host for request in asked] == ["api.open-meteo.com"]


@pytest.mark.parametrize(
    ("place", "label"),
    [
        ("朝阳", "朝阳, 辽宁, 中国"),
        ("朝阳区", "朝阳, 辽宁, 中国"),
        ("广东省朝阳市", "朝阳, 广东, 中国"),
        ("绵阳", "绵阳市, 四川, 中国"),
        ("绵阳市", "绵阳市, 四川, 中国"),
        ("栖霞区", "栖霞区, 江苏, 中国"),
        ("南京市栖霞区", "栖霞区, 江苏, 中国"),
        ("Springfield", "Springfield, Illinois, United States"),
        ("Springfield, Missouri", "Springfield, Missouri, United States"),
        ("Springfield, Greene, Missouri, USA", "Springfield, Missouri, United States"),
        ("Paris, Texas", "Paris, Texas, United States"),
        ("Paris, FR", "Paris, Île-de-France, France"),
        ("Köln", "Cologne, North Rhine-Westphalia, Germany"),
    ],
)
async def test_of_several_places_the_exact_name_then_the_seat_then_the_largest_is_taken(
    ask: Ask, open_meteo: Handler, place: str, label: str
) -> None:
    assert _structure(await ask(open_meteo, {"place": place}))["place"] == label


async def test_other_places_of_the_same_name_are_told(ask: Ask, open_meteo: Handler) -> None:
    reply = await ask(open_meteo, {"place": "朝阳区"})
    assert _structure(reply)["same_name"] == ["朝阳, 广东, 中国", "朝阳, 四川, 中国"]
    assert "同名地点：朝阳, 广东, 中国; 朝阳, 四川, 中国" in _text(reply)


@pytest.mark.parametrize("place", ["北京市朝阳区", "北京朝阳", "北京，朝阳区"])
async def test_an_unknown_district_gets_its_citys_forecast_and_says_so(
    ask: Ask, open_meteo: Handler, place: str
) -> None:
    reply = await ask(open_meteo, {"place": place})
    assert _structure(reply)["place"] == "北京, 中国"
    assert f"没有找到 {place!r}，以下是 北京, 中国 的预报。" in _text(reply)


@pytest.mark.parametrize("place", ["31.2,121.5", "31.2, 121.5", "31.2，121.5", "(31.20 121.50)"])
async def test_coordinates_are_taken_as_they_are(
    ask: Ask, open_meteo: Handler, asked: list[httpx.Request], place: str
) -> None:
    assert _structure(await ask(open_meteo, {"place": place}))["place"] == "31.2, 121.5"
    (request,) = asked
    params = request.url.params
    assert (params["latitude"], params["longitude"], params["timezone"]) == ("31.2", "121.5", "auto")


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("", "No place was named"),
        (" \x00\n ", "No place was named"),
        ("???", "No place was named"),
        ("x" * 100_000, "too long (100000 characters)"),
        ("海" * 100_000, "地名太长（100000 个字符）"),
        ("121.5,31.2", "latitude (-90 to 90) first"),
        ("qwxzv", "No place named 'qwxzv' was found"),
        ("Olso", "Did you mean: Olsowa, Opole, Poland (50.4,18.3); Oslo?"),
        ("Springfield, Ohio", "Springfield, Illinois, United States (39.8017,-89.6437)"),
        ("哈尔宾", "哈尔滨"),
        ("\ufeff\u202e无此地", "没有找到地点"),
        ("四川省无此县", "没有找到地点"),
    ],
)
async def test_a_place_that_is_none_is_refused_with_near_names(
    ask: Ask, open_meteo: Handler, place: str, told: str
) -> None:
    reply = await ask(open_meteo, {"place": place})
    assert reply.is_error
    assert told in _text(reply)
    assert len(_text(reply)) < 1000


@pytest.mark.parametrize("days", [0, 17, -1, 2.5, "many", None])
async def test_days_outside_1_to_16_are_refused(ask: Ask, open_meteo: Handler, days: object) -> None:
    reply = await ask(open_meteo, {"place": "上海", "days": days})
    assert reply.is_error
    assert "days" in _text(reply)


async def test_an_unknown_weather_code_is_shown_as_its_number(
    ask: Ask, open_meteo: Handler, forecast_reply: dict[str, Any]
) -> None:
    forecast_reply["daily"]["weather_code"] = [42, 63, 0]
    assert _structure(await ask(open_meteo, {"place": "Oslo"}))["days"][0]["weather"] == "weather code 42"


async def test_sixteen_days_stay_well_under_a_hosts_limit(
    ask: Ask, open_meteo: Handler, forecast_reply: dict[str, Any]
) -> None:
    daily = forecast_reply["daily"]
    for name, values in daily.items():
        daily[name] = [f"2026-11-{day:02}" for day in range(1, 17)] if name == "time" else [values[1]] * 16
    reply = await ask(open_meteo, {"place": "Shanghai", "days": 16})
    both = _text(reply) + json.dumps(_structure(reply), ensure_ascii=False)
    assert both.count("2026-11-16") == 2
    assert len(both) < 8000


async def test_the_tool_is_short_and_says_that_it_only_reads() -> None:
    async with Client(build_server(WeatherSettings())) as client:
        (tool,) = (await client.list_tools()).tools
    assert tool.name == "get_forecast"
    assert len((tool.description or "") + json.dumps(tool.input_schema, ensure_ascii=False)) < 600
    assert tool.output_schema is not None
    assert tool.annotations is not None
    assert tool.annotations.read_only_hint
    assert tool.annotations.open_world_hint


async def test_tomorrow_is_there_even_when_one_day_is_asked_for(ask: Ask, open_meteo: Handler) -> None:
    found = _structure(await ask(open_meteo, {"place": "上海", "days": 1}))
    assert [day["date"] for day in found["days"]] == ["2026-11-22", "2026-11-23"]
