"""The cache on disk stays small, whoever writes to it."""

import datetime
import os
import time
from pathlib import Path

from tao_servers.weather.sources.cache import Cache, Entry
from tests.support.open_meteo_reply import NOON


def _entry(size: int = 10) -> Entry:
    return Entry(b"x" * size, NOON, NOON + datetime.timedelta(minutes=15))


def test_the_number_of_files_is_bounded_and_the_oldest_go_first(tmp_path: Path) -> None:
    cache = Cache(tmp_path, files=100)
    for number in range(300):
        cache.write(f"{number:03}", _entry())
        path = tmp_path / f"{number:03}.reply"
        os.utime(path, (number, number))
        assert len(list(tmp_path.iterdir())) <= 100
    assert cache.read("299") == _entry()
    assert cache.read("000") is None


def test_the_size_is_bounded(tmp_path: Path) -> None:
    for number in range(10):
        # Each a process of its own, whose first write makes room.
        Cache(tmp_path, size=5_000).write(str(number), _entry(1_000))
        os.utime(tmp_path / f"{number}.reply", (number, number))
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 5_000 + 1_500


def test_what_a_killed_process_left_is_removed_and_what_another_writes_is_not(tmp_path: Path) -> None:
    left, under_way, foreign = (tmp_path / name for name in ("a.reply-part", "b.reply-part", "film.part"))
    for path in (left, under_way, foreign):
        path.write_bytes(b"half")
    hours_ago = time.time() - 7_200
    for path in (left, foreign):
        os.utime(path, (hours_ago, hours_ago))
    Cache(tmp_path).write("key", _entry())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.reply-part", "film.part", "key.reply"]


def test_a_new_entry_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.write("key", _entry(10))
    cache.write("key", _entry(20))
    assert cache.read("key") == _entry(20)
    cache.drop("key")
    cache.drop("key")
    assert cache.read("key") is None


def test_a_body_with_line_ends_and_every_byte_comes_back(tmp_path: Path) -> None:
    entry = Entry(bytes(range(256)) + b"\n\r\n", NOON, NOON, '"etag"', "Sun, 22 Nov 2026 04:00:00 GMT")
    Cache(tmp_path).write("key", entry)
    assert Cache(tmp_path).read("key") == entry
