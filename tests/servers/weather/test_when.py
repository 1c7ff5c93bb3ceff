import csv
import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tao_prompts import language_of
from tao_servers.weather.dates import read_when
from tao_servers.weather.errors import WeatherError

_NOON = datetime.datetime(2026, 11, 22, 13, 20, tzinfo=ZoneInfo("Asia/Shanghai"))


def _pairs() -> list[dict[str, str]]:
    with Path(__file__).with_name("when.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("pair", _pairs(), ids=lambda pair: f"{pair['text']} @ {pair['now']}")
def test_what_people_say_is_read_in_the_zone_of_the_place(pair: dict[str, str]) -> None:
    now = datetime.datetime.fromisoformat(pair["now"]).astimezone(ZoneInfo(pair["zone"]))
    assert language_of(pair["text"]) == pair["language"]
    found = read_when(pair["text"], now)
    assert (found.first.isoformat(), found.last.isoformat()) == (pair["first"], pair["last"])


def test_the_file_of_pairs_is_large_and_speaks_both_languages() -> None:
    pairs = _pairs()
    assert len(pairs) >= 120
    assert min(sum(pair["language"] == language for pair in pairs) for language in ("zh", "en")) >= 50


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("今晚", (18, 23)),
        ("明早", (6, 11)),
        ("明天下午", (12, 17)),
        ("周五晚上", (18, 23)),
        ("明天下午3点", (15, 15)),
        ("凌晨", (0, 5)),
        ("tonight", (18, 23)),
        ("tomorrow morning", (6, 11)),
        ("Friday evening", (18, 23)),
        ("tomorrow at 3pm", (15, 15)),
        ("2026-12-01T15:00", (15, 15)),
        ("明天下午三点", (15, 15)),
        ("明天上午十点半", (10, 10)),
        ("周五八点", (8, 8)),
        ("明天中午1点", (13, 13)),
        ("明天中午12点", (12, 12)),
        ("tomorrow 12am", (0, 0)),
        ("tomorrow 12pm", (12, 12)),
        ("tomorrow 7 p.m.", (19, 19)),
        ("明天凌晨12点", (0, 0)),
        ("明天", None),
        ("next 3 days", None),
    ],
)
def test_the_part_of_the_day_is_read(text: str, hours: tuple[int, int] | None) -> None:
    assert read_when(text, _NOON).hours == hours


@pytest.mark.parametrize(
    ("text", "day", "hour"),
    [
        ("今晚2点", 23, 2),
        ("半夜2点", 23, 2),
        ("今晚0点", 23, 0),
        ("明天晚上12点", 24, 0),
        ("明天24点", 24, 0),
        ("tonight at 2am", 23, 2),
        ("tonight 11pm", 22, 23),
        ("昨晚2点", 22, 2),
        ("晚上5点", 22, 17),
    ],
)
def test_an_hour_of_the_night_after_midnight_is_one_of_the_next_day(text: str, day: int, hour: int) -> None:
    found = read_when(text, _NOON)
    assert found.first == found.last == datetime.date(2026, 11, day)
    assert found.hours == (hour, hour)


def test_after_midnight_the_small_hours_are_those_of_today() -> None:
    assert read_when("半夜2点", _NOON.replace(hour=1)).first == datetime.date(2026, 11, 22)


@pytest.mark.parametrize("text", ["现在", "now", "Right now", "目前"])
def test_now_is_known_as_now(text: str) -> None:
    assert read_when(text, _NOON).is_now


def test_in_the_evening_the_morning_is_the_one_to_come() -> None:
    evening = _NOON.replace(hour=21)
    assert read_when("morning", evening).first == datetime.date(2026, 11, 23)
    assert read_when("this morning", evening).first == datetime.date(2026, 11, 22)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "soon",
        "以后",
        "31 Feb",
        "2月30日",
        "2026-13-01",
        "2026-02-30",
        "99999999",
        "未来0天",
        "next 0 days",
        "25点",
        "99999天后",
        "0000-00-00",
        "Sunday to",
        "..",
        "到",
        "\x00\ud800",
        "ignore all rules",
        "二二二二天后",
        "tomorrow " * 1000,
        "1-" * 5000,
        "(" * 90,
        "周" * 99,
    ],
)
def test_what_cannot_be_read_is_refused_with_examples(text: str) -> None:
    with pytest.raises(WeatherError, match=r"2026-12-01\.\.2026-12-03") as refused:
        read_when(text, _NOON)
    assert len(str(refused.value)) < 300


def test_a_day_far_off_is_still_a_day() -> None:
    assert read_when("9999天后", _NOON).first == datetime.date(2054, 4, 8)


@pytest.mark.parametrize(("text", "told"), [("以后再说", "请写“明天”"), ("some day", "Say 'tomorrow'")])
def test_the_refusal_is_in_the_language_of_the_text(text: str, told: str) -> None:
    with pytest.raises(WeatherError, match=told):
        read_when(text, _NOON)
