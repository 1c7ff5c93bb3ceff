import datetime

import pytest

from tao_prompts import Language
from tao_servers.weather.answering.notes import age_text
from tao_servers.weather.answering.units import units_of
from tao_servers.weather.answering.wording import compass, day_text, shorten, weather_words

_TODAY = datetime.date(2026, 11, 22)


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (0, "0 分钟", "0 minutes"),
        (59, "0 分钟", "0 minutes"),
        (60, "1 分钟", "1 minute"),
        (3_600, "1 小时", "1 hour"),
        (86_399, "23 小时", "23 hours"),
        (200_000, "2 天", "2 days"),
    ],
)
def test_an_age_is_told_in_its_largest_unit(seconds: int, zh: str, en: str) -> None:
    assert (age_text(seconds, "zh"), age_text(seconds, "en")) == (zh, en)


@pytest.mark.parametrize(
    ("days", "zh", "en"),
    [
        (-3, "2026-11-19（周四）", "2026-11-19 (Thu)"),
        (-1, "昨天 2026-11-21（周六）", "yesterday 2026-11-21 (Sat)"),
        (0, "今天 2026-11-22（周日）", "today 2026-11-22 (Sun)"),
        (1, "明天 2026-11-23（周一）", "tomorrow 2026-11-23 (Mon)"),
        (2, "后天 2026-11-24（周二）", "2026-11-24 (Tue)"),
    ],
)
def test_days_near_today_have_names(days: int, zh: str, en: str) -> None:
    day = _TODAY + datetime.timedelta(days=days)
    assert (day_text(day, _TODAY, "zh"), day_text(day, _TODAY, "en")) == (zh, en)


@pytest.mark.parametrize(
    ("degrees", "zh", "en"),
    [
        (0.0, "北", "north"),
        (22.0, "北", "north"),
        (45.0, "东北", "north-east"),
        (180.0, "南", "south"),
        (359.0, "北", "north"),
        (None, None, None),
    ],
)
def test_the_wind_comes_from_one_of_eight_directions(
    degrees: float | None, zh: str | None, en: str | None
) -> None:
    assert (compass(degrees, "zh"), compass(degrees, "en")) == (zh, en)


@pytest.mark.parametrize(
    ("code", "language", "words"),
    [(0, "zh", "晴"), (95, "en", "thunderstorm"), (42, "zh", "天气代码 42"), (None, "en", None)],
)
def test_codes_are_words(code: int | None, language: Language, words: str | None) -> None:
    assert weather_words(code, language) == words


def test_freezing_point_in_both_systems() -> None:
    assert units_of("metric")["temperature"].of(0) == 0
    assert units_of("imperial")["temperature"].of(0) == 32
    assert units_of("imperial")["rain"].of(25.4) == 1
    assert units_of("imperial")["wind"].of(100) == 62.1


def test_a_text_is_put_on_one_line() -> None:
    assert shorten("a\n\x1b[2Jb\u2028c", 20) == "a [2Jb c"
    assert shorten("长" * 50, 10) == "长" * 9 + "…"
