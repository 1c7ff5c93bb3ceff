import io
import os
import struct
import zipfile
from pathlib import Path

import pytest

from tao_servers.knowledge.loading import Options, RefusedError, read
from tao_servers.knowledge.loading.limits import check_archive


def archive(entries: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries.items():
            file.writestr(name, content)
    return held.getvalue()


def test_a_file_of_two_gigabytes_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with path.open("wb") as file:
        file.truncate(2_000_000_000)
    with pytest.raises(RefusedError, match="2,000 MB, the limit is 200; split it"):
        read(path, name="a.txt", options=Options())


def test_a_single_huge_line_is_refused_by_its_length() -> None:
    with pytest.raises(RefusedError, match="3,000 characters, the limit is 1,000"):
        read(b"x" * 3000, name="a.txt", options=Options(max_chars=1000))


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="cannot be read"):
        read(tmp_path / "a.txt", name="a.txt", options=Options())
    with pytest.raises(RefusedError, match="folder"):
        read(tmp_path, name="a.txt", options=Options())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_named_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    with pytest.raises(RefusedError, match="not a regular file"):
        read(tmp_path / "pipe.txt", name="pipe.txt", options=Options())


def test_an_honest_archive_passes() -> None:
    check_archive(archive({"word/document.xml": b"<w>text</w>" * 1000, "empty": b""}))


def test_an_archive_that_says_it_is_huge_is_refused() -> None:
    with pytest.raises(RefusedError, match="unpacks to 2 MB, the limit is 1"):
        check_archive(archive({"a": bytes(2_000_000)}), Options(max_unpacked=1_000_000))


def test_an_archive_of_nothing_but_zeros_is_refused_by_its_ratio() -> None:
    with pytest.raises(RefusedError, match="times its size"):
        check_archive(archive({"a": bytes(30_000_000)}))


def test_an_archive_that_hides_its_size_is_refused() -> None:
    data = archive({"a": bytes(1_000_000)})
    real, claimed = struct.pack("<L", 1_000_000), struct.pack("<L", 10)
    assert data.count(real) == 2
    with pytest.raises(RefusedError, match="more than it says"):
        check_archive(data.replace(real, claimed), Options(max_unpacked=500_000))


def test_an_archive_whose_entries_share_their_bytes_is_refused() -> None:
    data = archive({"a": os.urandom(5000)})
    directory = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    entry = data[directory:end]
    tail = bytearray(data[end:])
    tail[8:16] = struct.pack("<HHL", 9, 9, len(entry) * 9)
    with pytest.raises(RefusedError, match="overlap"):
        check_archive(data[:directory] + entry * 9 + bytes(tail))


def test_an_archive_of_too_many_entries_is_refused() -> None:
    with pytest.raises(RefusedError, match="20,001 entries"):
        check_archive(archive({str(n): b"" for n in range(20_001)}))


def test_a_protected_archive_is_refused() -> None:
    data = bytearray(archive({"a": b"text"}))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(RefusedError, match="password"):
        check_archive(bytes(data))


@pytest.mark.parametrize("cut", [0, 10, 60])
def test_a_damaged_archive_is_refused(cut: int) -> None:
    with pytest.raises(RefusedError, match="damaged"):
        check_archive(archive({"a": b"text" * 100})[:cut])
