import csv
import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from mcp import Client

from tao_servers.chinese import name_key
from tao_servers.get_info import zones
from tao_servers.get_info.profile import BUILT_IN, load_profile
from tao_servers.get_info.server import build_server


async def _time(now: str, place: str | None = None, *, home: str | None = None) -> tuple[dict[str, Any], str]:
    """The structure and the text that get_time gives at a moment of UTC."""
    moment = datetime.datetime.fromisoformat(now).replace(tzinfo=datetime.UTC)
    server = build_server(load_profile(BUILT_IN), place=home, now=lambda: moment)
    async with Client(server) as client:
        reply = await client.call_tool("get_time", {} if place is None else {"place": place})
    text = "\n".join(str(getattr(part, "text", "")) for part in reply.content)
    return ({"error": text} if reply.is_error else reply.structured_content or {}), text


# Moment of UTC, lunar date, animal, solar term, holiday. Lunar dates and terms are those that cnlunar,
# another library, gives as well; the holidays of 2025 and 2026 are those of the State Council's notices.
DAYS = [
    ("2025-12-31T15:59:59", "乙巳年冬月十二", "蛇", "下一个 next：小寒 2026-01-05", "工作日"),
    ("2025-12-31T16:00:00", "乙巳年冬月十三", "蛇", "下一个 next：小寒 2026-01-05", "元旦节放假"),
    ("2026-02-16T04:00:00", "乙巳年腊月廿九", "蛇", "下一个 next：雨水 2026-02-18", "春节放假"),
    ("2026-02-17T04:00:00", "丙午年正月初一", "马", "下一个 next：雨水 2026-02-18", "春节放假"),
    ("2026-02-14T04:00:00", "乙巳年腊月廿七", "蛇", "下一个 next：雨水 2026-02-18", "因春节调休，上班"),
    ("2025-07-25T04:00:00", "乙巳年闰六月初一", "蛇", "下一个 next：立秋 2025-08-07", "工作日"),
    ("2025-12-21T04:00:00", "乙巳年冬月初二", "蛇", "冬至（今日 today）", "周末"),
    ("2025-10-06T04:00:00", "乙巳年八月十五", "蛇", "下一个 next：寒露 2025-10-08", "国庆中秋放假"),
    ("2033-12-22T04:00:00", "癸丑年闰冬月初一", "牛", "下一个 next：小寒 2034-01-05", "不知道：没有 2033 年"),
    ("2001-01-24T04:00:00", "辛巳年正月初一", "蛇", "下一个 next：立春 2001-02-04", "不知道：没有 2001 年"),
    ("2050-06-01T04:00:00", "庚午年四月十二", "马", "下一个 next：芒种 2050-06-05", "不知道：没有 2050 年"),
]


@pytest.mark.parametrize(("now", "lunar", "animal", "term", "holiday"), DAYS)
async def test_a_day_in_china(now: str, lunar: str, animal: str, term: str, holiday: str) -> None:
    told, text = await _time(now, "上海")
    assert told["lunar_date"] == lunar
    assert told["zodiac"].startswith(animal)
    assert told["solar_term"] == term
    assert told["public_holiday"].startswith(holiday)
    for value in (v for name, v in told.items() if isinstance(v, str) and name != "utc_offset"):
        assert value in text


async def test_the_end_of_the_last_known_year_is_not_promised() -> None:
    known = [
        year
        for year in range(2024, 2060)
        if "不知道" not in (await _time(f"{year}-06-03T04:00:00", "北京"))[0]["public_holiday"]
    ]
    told, _ = await _time(f"{known[-1]}-12-29T04:00:00", "北京")
    assert f"{known[-1] + 1} 年安排未知" in told["public_holiday"]


@pytest.mark.parametrize(
    ("now", "place", "local", "offset", "weekday"),
    [
        ("2026-03-08T06:59:59", "纽约", "2026-03-08 01:59:59", "-05:00", "星期日 Sunday"),
        ("2026-03-08T07:00:00", "New York", "2026-03-08 03:00:00", "-04:00", "星期日 Sunday"),
        ("2026-11-01T06:00:00", "NYC", "2026-11-01 01:00:00", "-05:00", "星期日 Sunday"),
        ("2026-03-29T01:00:00", "伦敦", "2026-03-29 02:00:00", "+01:00", "星期日 Sunday"),
        ("2026-01-01T10:00:00", "Sydney", "2026-01-01 21:00:00", "+11:00", "星期四 Thursday"),
        ("2026-12-31T10:30:00", "Pacific/Kiritimati", "2027-01-01 00:30:00", "+14:00", "星期五 Friday"),
        ("2026-01-01T03:00:00", "檀香山", "2025-12-31 17:00:00", "-10:00", "星期三 Wednesday"),
        ("2026-01-01T00:00:00", "尼泊尔", "2026-01-01 05:45:00", "+05:45", "星期四 Thursday"),
        ("2026-01-01T00:00:00", "UTC-3:30", "2025-12-31 20:30:00", "-03:30", "星期三 Wednesday"),
        ("2024-02-28T16:00:00", "北京时间", "2024-02-29 00:00:00", "+08:00", "星期四 Thursday"),
    ],
)
async def test_the_local_time_keeps_summer_time_and_the_date_line(
    now: str, place: str, local: str, offset: str, weekday: str
) -> None:
    told, _ = await _time(now, place)
    assert (f"{told['date']} {told['time']}", told["utc_offset"], told["weekday"]) == (local, offset, weekday)


@pytest.mark.parametrize(
    ("place", "zone"),
    [
        ("Asia/Shanghai", "Asia/Shanghai"),
        ("asia/tokyo", "Asia/Tokyo"),
        ("America/New York", "America/New_York"),
        ("杭州市", "Asia/Shanghai"),
        ("上海市浦东新区", "Asia/Shanghai"),
        ("杭州西湖区", "Asia/Shanghai"),
        ("浙江省 义乌市", "Asia/Shanghai"),
        ("內蒙古", "Asia/Shanghai"),
        ("臺北", "Asia/Taipei"),
        ("中国香港", "Asia/Hong_Kong"),
        ("東京", "Asia/Tokyo"),
        ("Paris, France", "Europe/Paris"),
        ("巴黎，法国", "Europe/Paris"),
        ("New York, USA", "America/New_York"),
        ("Washington, DC", "America/New_York"),
        ("são paulo", "America/Sao_Paulo"),
        ("Ljubljana", "Europe/Ljubljana"),
        ("日本", "Asia/Tokyo"),
        ("UTC", "UTC+00:00"),
        ("GMT+8", "UTC+08:00"),
        ("+0530", "UTC+05:30"),
        ("utc −3", "UTC-03:00"),
        ("东八区", "UTC+08:00"),
        ("西五区", "UTC-05:00"),
        ("EST", "EST"),
    ],
)
async def test_a_place_is_known_by_many_names(place: str, zone: str) -> None:
    told, _ = await _time("2026-05-05T05:05:05", place)
    assert told.get("time_zone") == zone, told


@pytest.mark.parametrize(
    "place",
    [
        "Atlantis",
        "Paris, Texas",
        "UTC+15",
        "+99",
        "CST",
        "../../etc/passwd",
        "Asia/../Asia/Shanghai",
        "上海路",
        "x" * 10_000,
        "\x00",
        ",",
    ],
)
async def test_an_unknown_place_is_answered_with_what_can_be_given(place: str) -> None:
    told, _ = await _time("2026-05-05T05:05:05", place)
    assert "IANA" in told["error"]
    assert "UTC+8" in told["error"]
    assert len(told["error"]) < 500


async def test_a_misspelled_place_gets_the_nearest() -> None:
    assert "Singapore" in (await _time("2026-05-05T05:05:05", "Singapour"))[0]["error"]


async def test_a_country_with_several_zones_asks_for_a_city() -> None:
    told, _ = await _time("2026-05-05T05:05:05", "美国")
    assert "America/New_York、America/Chicago" in told["error"]


@pytest.mark.parametrize(
    ("home", "zone", "note"),
    [
        ("上海", "Asia/Shanghai", "configured one"),
        ("Berlin, Germany", "Europe/Berlin", "configured one"),
        ("My kitchen", None, "'My kitchen'"),
        (None, None, "this machine's zone"),
    ],
)
async def test_without_a_place_the_answer_says_whose_it_is(
    home: str | None, zone: str | None, note: str
) -> None:
    told, text = await _time("2026-05-05T05:05:05", home=home)
    assert note in told["note"]
    assert note in text
    assert told["time_zone"] == (zone or told["time_zone"])


@pytest.mark.parametrize("word", ["now", "Here", " 现在 ", "本地", "null"])
async def test_a_word_that_names_no_place_counts_as_none(word: str) -> None:
    told, _ = await _time("2026-05-05T05:05:05", word, home="上海")
    assert told["time_zone"] == "Asia/Shanghai"


async def test_elsewhere_public_holidays_are_said_to_be_unknown() -> None:
    told, _ = await _time("2026-10-01T04:00:00", "香港")
    assert told["public_holiday"].startswith("不知道")


def test_every_row_of_the_places_has_real_zones_and_names_of_its_own() -> None:
    path = Path(zones.__file__).with_name("places.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = [name for row in rows for name in (row["zh"] + "|" + row["en"]).split("|")]
    keys = [name_key(name) for name in names]
    assert {ZoneInfo(zone).key for row in rows for zone in row["zones"].split("|")}
    assert len(keys) > 300
    assert [name for name, key in zip(names, keys, strict=True) if not key or keys.count(key) > 1] == []
