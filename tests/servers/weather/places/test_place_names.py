"""What names mean, offline: the pairs of names.csv, and what is said when a name means several places."""

import csv
import datetime
import math
from pathlib import Path

import pytest

from tao.settings import WeatherSettings
from tao_prompts import Language
from tao_servers.weather.errors import WeatherError
from tao_servers.weather.places import Found, candidates, find_place, near_names, place_dict
from tao_servers.weather.sources.source import SourceError
from tests.support.canned_fetch import CannedFetch

_NAMES = Path(__file__).with_name("names.csv")
_NOW = datetime.datetime(2026, 11, 22, 4, 0, tzinfo=datetime.UTC)


def pairs() -> list[dict[str, str]]:
    """Each name, and where it lies by other books than the table."""
    with _NAMES.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def language_of(text: str) -> Language:
    return "zh" if any("\u3400" <= character <= "\u9fff" for character in text) else "en"


def apart(latitude: float, longitude: float, row: dict[str, str]) -> float:
    north, south = math.radians(latitude), math.radians(float(row["latitude"]))
    east = math.radians(longitude - float(row["longitude"]))
    cosine = math.sin(north) * math.sin(south) + math.cos(north) * math.cos(south) * math.cos(east)
    return 6371 * math.acos(max(-1.0, min(1.0, cosine)))


async def find(text: str, language: Language | None = None) -> Found:
    offline = CannedFetch({"geocoding": SourceError("unreachable", "no network")}, _NOW)
    return await find_place(
        text, settings=WeatherSettings(), fetch=offline, language=language or language_of(text)
    )


async def miss(row: dict[str, str]) -> str | None:
    """What is wrong with the answer to one row; None where it is right."""
    try:
        place = (await find(row["name"])).place
    except WeatherError as exc:
        seen = "ambiguous" if "several places" in str(exc) or "有多个" in str(exc) else "unknown"
        wanted = row["note"].removeprefix("near: ") if row["note"].startswith("near: ") else ""
        if seen == row["expected"] and wanted in str(exc):
            return None
        return f"{row['name']} ({row['kind']}): {exc}"
    if row["expected"] != "place":
        return f"{row['name']} ({row['kind']}): {place.label}, not {row['expected']}"
    away = apart(place.latitude, place.longitude, row)
    return (
        None
        if away <= float(row["km"])
        else f"{row['name']} ({row['kind']}): {place.label}, {away:.0f} km off"
    )


async def test_every_name_of_the_file_is_understood() -> None:
    rows = pairs()
    assert len(rows) >= 300
    misses = [found for row in rows if (found := await miss(row))]
    assert misses == [], "\n".join(misses)


def test_the_file_has_no_name_twice() -> None:
    names = [row["name"] for row in pairs()]
    assert sorted(names) == sorted(set(names))


async def test_every_place_has_a_time_zone_and_a_country() -> None:
    for row in pairs():
        for place in candidates(row["name"], language_of(row["name"])):
            assert "/" in place.time_zone, place
            assert len(place.country) == 2, place


async def test_a_district_of_two_cities_is_asked_back_with_both() -> None:
    with pytest.raises(WeatherError) as failure:
        await find("朝阳区")
    assert "朝阳区, 北京市, 中国" in str(failure.value)
    assert "朝阳区, 长春市, 吉林省, 中国" in str(failure.value)
    assert "例如“北京市朝阳区”" in str(failure.value)


async def test_following_the_advice_finds_the_place() -> None:
    with pytest.raises(WeatherError) as failure:
        await find("Springfield")
    assert "such as 'Springfield, Missouri'" in str(failure.value)
    assert (await find("Springfield, Missouri")).place.path == ("Missouri", "United States")


async def test_labels_are_in_the_language_of_the_question() -> None:
    assert (await find("北京朝阳", "zh")).place.label == "朝阳区, 北京市, 中国"
    assert (await find("北京朝阳", "en")).place.label == "Chaoyang District, Beijing, China"
    assert (await find("London", "zh")).place.label == "伦敦, 英格兰, 英国"


async def test_the_better_known_place_comes_with_its_namesakes() -> None:
    found = await find("朝阳")
    assert found.place.label == "朝阳市, 辽宁省, 中国"
    assert "朝阳区, 北京市, 中国" in [place.label for place in found.same_name]
    paris = await find("Paris")
    assert paris.place.country == "FR"
    assert paris.same_name[0].label == "Paris, Texas, United States"


async def test_a_province_says_that_its_capital_stands_for_it() -> None:
    found = await find("山东")
    assert found.place.name == "山东省"
    assert found.note is not None
    assert "省会济南市" in found.note
    tibet = await find("Tibet")
    assert tibet.note is not None
    assert "Lhasa, the capital" in tibet.note
    assert (await find("Singapore")).note is None


async def test_a_part_of_a_city_that_nobody_knows_gets_the_city_and_says_so() -> None:
    found = await find("北京市朝阳区没有这条街")
    assert found.place.label == "朝阳区, 北京市, 中国"
    assert found.note is not None
    assert "没有这条街" in found.note


async def test_coordinates_stay_as_they_are_and_get_the_zone_of_the_nearest_place() -> None:
    place = (await find("47.37, 8.54", "en")).place
    assert (place.latitude, place.longitude) == (47.37, 8.54)
    assert (place.time_zone, place.country) == ("Europe/Zurich", "CH")
    assert place.label.startswith("47.37, 8.54, near ")


async def test_a_point_far_at_sea_has_the_hour_of_its_longitude() -> None:
    place = (await find("-30,-120", "en")).place
    assert (place.time_zone, place.country, place.path) == ("Etc/GMT+8", "", ())


@pytest.mark.parametrize("text", ["95,10", "10,181", "北纬91度，东经10度"])
async def test_coordinates_beyond_the_earth_are_refused(text: str) -> None:
    with pytest.raises(WeatherError, match=r"out of range|超出范围"):
        await find(text)


@pytest.mark.parametrize("text", ["", "   ", "。。。", "\x00\x07", "?!"])
async def test_a_text_without_a_name_is_refused(text: str) -> None:
    with pytest.raises(WeatherError, match="No place was named"):
        await find(text, "en")
    with pytest.raises(WeatherError, match="没有写地名"):
        await find(text, "zh")


async def test_a_very_long_text_is_refused_at_once() -> None:
    with pytest.raises(WeatherError, match=r"too long \(10000 characters\)"):
        await find("a" * 10_000, "en")
    with pytest.raises(WeatherError, match="地名太长"):
        await find("京" * 10_000, "zh")
    assert candidates("京" * 10_000, "zh") == []
    assert near_names("a" * 10_000, "en") == []


@pytest.mark.parametrize(
    "text",
    [
        "'; DROP TABLE place; --",
        '" OR 1=1 --',
        "%",
        "%%%a%",
        "_____a",
        "\udcff\udcfeabc",
        "qx\x00zj",
        "北" * 36,
        "北就" * 18,
        ",".join("abcdefghijklmnopqrstuvwxyz"),
        "🌧️北惊🌧️",
        "999999999999999999999,1",
        "1" * 99,
        "N" * 99,
    ],
)
async def test_hostile_texts_are_names_like_any_other(text: str) -> None:
    with pytest.raises(WeatherError, match=r"No place|No place was named|没有找到|有多个|out of range"):
        await find(text)
    assert isinstance(near_names(text, "zh"), list)


async def test_a_city_said_over_and_over_is_found_with_a_note() -> None:
    found = await find("北京" * 18)
    assert found.place.name == "北京市"
    assert found.note is not None


def test_candidates_are_ranked_and_limited() -> None:
    places = candidates("Springfield", "en", limit=3)
    assert [place.path[0] for place in places] == ["Missouri", "Massachusetts", "Illinois"]
    assert candidates("no such place at all", "en") == []


def test_a_candidate_can_be_written_as_json() -> None:
    shown = place_dict(candidates("苏州", "zh")[0])
    assert list(shown) == ["name", "latitude", "longitude", "admin", "population", "country", "time_zone"]
    assert (shown["name"], shown["admin"], shown["time_zone"]) == (
        "苏州市",
        ["江苏省", "中国"],
        "Asia/Shanghai",
    )


def test_a_name_typed_with_another_character_of_the_same_sound_is_near() -> None:
    assert near_names("哈而滨", "zh")[0] == "哈尔滨市"
    assert near_names("Melborne", "en")[0] == "Melbourne"
