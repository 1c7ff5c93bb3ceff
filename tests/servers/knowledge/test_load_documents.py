import os
from pathlib import Path

import pytest

from tao_servers.knowledge.load import MAX_BYTES, RefusedError, find_files, read_document

TEXT = "皮鞋: 399元\n儿童安全座椅：699元\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "gbk"])
def test_a_text_is_read_whatever_its_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "价格表.txt"
    path.write_bytes(TEXT.encode(encoding))
    assert read_document(path).text == TEXT


def test_big_endian_utf_16_is_read_by_its_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(b"\xfe\xff" + TEXT.encode("utf-16-be"))
    assert read_document(path).text == TEXT


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.txt", b"\x7fELF\x00\x01", "binary"),
        ("a.txt", TEXT.encode("utf-16-le"), "binary|neither"),
        ("a.txt", "a\x00b".encode("utf-16"), "binary"),
        ("a.txt", b"caf\xe9 noir", "neither UTF-8"),
        ("a.txt", b"\xff\xfe\x00", "neither UTF-8"),
        ("a.txt", b"\xff\xfe\x00\xd8", "neither UTF-8"),
        ("a.pdf", b"%PDF-1.7", r"'\.pdf' are not supported"),
        ("a", b"text", "not supported"),
    ],
)
def test_what_is_no_text_is_refused_with_the_reason(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(RefusedError, match=reason):
        read_document(path)


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(RefusedError, match="larger than 50 MB"):
        read_document(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="cannot be read"):
        read_document(tmp_path / "a.txt")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_named_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    with pytest.raises(RefusedError, match="not a regular file"):
        read_document(tmp_path / "pipe.txt")


def test_a_folder_is_walked_in_order_and_the_rest_is_counted(tmp_path: Path) -> None:
    for name in ("b.txt", "a.MD", "c/d.csv", ".git/e.txt", ".hidden.txt", "photo.png", "c/.f.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x", encoding="utf-8")
    found = find_files([tmp_path, tmp_path / "b.txt"])
    assert found.paths == [tmp_path / "a.MD", tmp_path / "b.txt", tmp_path / "c" / "d.csv"]
    assert found.skipped == 3


def test_a_folder_that_links_to_itself_is_walked_once(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x", encoding="utf-8")
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    assert find_files([tmp_path]).paths == [tmp_path / "a.txt"]
