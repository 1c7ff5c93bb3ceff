"""The table of weather symbols."""

import pytest

from tao_servers.weather.sources.symbols import wmo_code, worst


@pytest.mark.parametrize(
    ("provider", "symbol", "code"),
    [
        ("met.no", "heavyrainshowersandthunder", 95),
        ("met.no", "lightssnowshowersandthunder", 95),
        ("nws", "fzra", 66),
        ("qweather", "350", 81),
        ("amap", "雷阵雨并伴有冰雹", 96),
        ("amap", " 晴 ", 0),
        ("amap", "100", None),
        ("qweather", "999", None),
        ("nws", "", None),
        ("nowhere", "rain", None),
        ("met.no", None, None),
    ],
)
def test_a_symbol_has_the_code_of_its_provider_or_none(
    provider: str, symbol: str | None, code: int | None
) -> None:
    assert wmo_code(provider, symbol) == code


def test_the_gravest_weather_is_that_of_the_highest_code() -> None:
    assert worst([3, None, 61, 2]) == 61
    assert worst([None]) is None
