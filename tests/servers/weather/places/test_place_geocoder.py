"""Names that the table does not know are asked of Open-Meteo's geocoder."""

import datetime
import json
from typing import Any

import pytest

from tao.settings import WeatherSettings
from tao_servers.weather.errors import WeatherError
from tao_servers.weather.places import find_place
from tao_servers.weather.sources.source import SourceError
from tests.support.canned_fetch import CannedFetch

_NOW = datetime.datetime(2026, 11, 22, 4, 0, tzinfo=datetime.UTC)
_GEILO: dict[str, Any] = {
    "id": 3155894,
    "name": "Geilo",
    "latitude": 60.5341,
    "longitude": 8.2056,
    "elevation": 800.0,
    "feature_code": "PPL",
    "country_code": "NO",
    "timezone": "Europe/Oslo",
    "population": 2363,
    "country": "Norway",
    "admin1": "Buskerud",
    "admin2": "Hol",
}


def answering(*results: dict[str, Any]) -> CannedFetch:
    reply = {"generationtime_ms": 0.4} | ({"results": list(results)} if results else {})
    return CannedFetch({"geocoding": json.dumps(reply).encode()}, _NOW)


async def test_a_village_is_found_by_the_geocoder() -> None:
    fetch = answering(_GEILO)
    found = await find_place("Geilo", settings=WeatherSettings(), fetch=fetch, language="en")
    assert found.place.label == "Geilo, Hol, Buskerud, Norway"
    assert (found.place.time_zone, found.place.country, found.place.population) == ("Europe/Oslo", "NO", 2363)
    (asked,) = fetch.asked
    assert asked.url == WeatherSettings().geocoding_url
    assert asked.params == {"name": "Geilo", "count": 10, "language": "en", "format": "json"}


async def test_a_known_city_is_not_asked_for() -> None:
    fetch = answering()
    await find_place("北京", settings=WeatherSettings(), fetch=fetch, language="zh")
    assert fetch.asked == []


async def test_the_setting_says_where_the_geocoder_is() -> None:
    fetch = CannedFetch({"http://127.0.0.1:9/geo": json.dumps({"results": [_GEILO]}).encode()}, _NOW)
    settings = WeatherSettings(geocoding_url="http://127.0.0.1:9/geo")
    assert (await find_place("Geilo", settings=settings, fetch=fetch, language="en")).place.country == "NO"


async def test_what_stands_after_the_comma_chooses_among_the_answers() -> None:
    other = _GEILO | {"country": "Sweden", "country_code": "SE", "admin1": "Dalarna", "population": 90_000}
    fetch = answering(other, _GEILO)
    found = await find_place("Geilo, Norway", settings=WeatherSettings(), fetch=fetch, language="en")
    assert found.place.country == "NO"
    chinese = await find_place(
        "挪威 Geilo", settings=WeatherSettings(), fetch=answering(other, _GEILO), language="zh"
    )
    assert chinese.place.country == "NO"
    assert [asked.params["name"] for asked in fetch.asked] == ["Geilo"]


async def test_the_largest_of_several_answers_is_meant_and_the_others_are_told() -> None:
    small = _GEILO | {"admin1": "Elsewhere", "admin2": None, "latitude": 50.0, "population": 12}
    fetch = answering(small, _GEILO)
    found = await find_place("Geilo", settings=WeatherSettings(), fetch=fetch, language="en")
    assert found.place.path[-2] == "Buskerud"
    assert [place.label for place in found.same_name] == ["Geilo, Elsewhere, Norway"]


async def test_a_village_of_another_name_is_no_answer() -> None:
    fetch = answering(_GEILO | {"name": "Geiloholtet"})
    with pytest.raises(WeatherError, match="No place named 'Geilxy' was found"):
        await find_place("Geilxy", settings=WeatherSettings(), fetch=fetch, language="en")


@pytest.mark.parametrize("zone", [None, "", "Nowhere/At_All", "../../etc/passwd"])
async def test_a_place_without_a_zone_gets_that_of_its_neighbour(zone: str | None) -> None:
    fetch = answering(_GEILO | {"timezone": zone})
    found = await find_place("Geilo", settings=WeatherSettings(), fetch=fetch, language="en")
    assert found.place.time_zone == "Europe/Oslo"


async def test_a_name_that_nobody_knows_is_unknown_without_blaming_the_geocoder() -> None:
    with pytest.raises(WeatherError) as failure:
        await find_place("Olso", settings=WeatherSettings(), fetch=answering(), language="en")
    assert "Did you mean: Oslo, Norway" in str(failure.value)
    assert "geocoder" not in str(failure.value)


async def test_without_a_network_the_nearest_names_and_the_failure_are_told() -> None:
    fetch = CannedFetch({"geocoding": SourceError("late", "10 s")}, _NOW)
    with pytest.raises(WeatherError) as failure:
        await find_place("乌鲁木其", settings=WeatherSettings(), fetch=fetch, language="zh")
    assert "乌鲁木齐市" in str(failure.value)
    assert "late: 10 s" in str(failure.value)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"\xff\xfe\x00",
        b'{"results": 7}',
        b'{"results": [{"name": "Geilo"}]}',
        b'{"results": [{"name": "Geilo", "latitude": 900, "longitude": 1}]}',
        b'{"results": [{"name": "Geilo", "latitude": NaN, "longitude": 1}]}',
        b'{"results": [{"name": "", "latitude": 1, "longitude": 1}]}',
    ],
)
async def test_a_reply_of_another_form_is_a_failure_of_the_geocoder(body: bytes) -> None:
    fetch = CannedFetch({"geocoding": body}, _NOW)
    with pytest.raises(WeatherError, match=r"No place named 'Geilo' was found.*unreadable"):
        await find_place("Geilo", settings=WeatherSettings(), fetch=fetch, language="en")


@pytest.mark.parametrize("body", [b"{}", b'{"results": null}', b'{"results": []}'])
async def test_an_empty_reply_says_that_there_is_no_such_place(body: bytes) -> None:
    fetch = CannedFetch({"geocoding": body}, _NOW)
    with pytest.raises(WeatherError, match="No place named 'Geilo' was found\\."):
        await find_place("Geilo", settings=WeatherSettings(), fetch=fetch, language="en")


async def test_a_suffix_that_the_geocoder_does_not_know_is_left_off() -> None:
    village = _GEILO | {
        "name": "虎跳",
        "country": "中国",
        "country_code": "CN",
        "admin1": "四川",
        "admin2": None,
    }
    fetch = CannedFetch(
        {
            "name=虎跳村县": b"{}",
            "name=虎跳村": json.dumps({"results": [village | {"name": "虎跳村"}]}).encode(),
        },
        _NOW,
    )
    found = await find_place("虎跳村县", settings=WeatherSettings(), fetch=fetch, language="zh")
    assert found.place.label == "虎跳村, 四川, 中国"
