import os
from collections import Counter
from pathlib import Path

import pytest

from tao_servers.knowledge.loading import find_files


def make(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x", encoding="utf-8")


def test_a_tree_is_listed_in_order_and_each_file_once(tmp_path: Path) -> None:
    make(tmp_path, "b.txt", "a.MD", "c/d.pdf", "c/Dockerfile", "文档.docx")
    found = find_files([tmp_path, tmp_path / "b.txt", tmp_path / "c"])
    assert [path.relative_to(tmp_path).as_posix() for path in found.paths] == [
        "a.MD",
        "b.txt",
        "文档.docx",
        "c/Dockerfile",
        "c/d.pdf",
    ]


def test_other_kinds_are_counted_by_suffix(tmp_path: Path) -> None:
    make(tmp_path, "a.bin", "b.BIN", "c.mp4", "d", "e.txt")
    assert find_files([tmp_path]).skipped == Counter({".bin": 2, ".mp4": 1, "": 1})


def test_hidden_files_lock_files_and_folders_of_programs_are_left_out(tmp_path: Path) -> None:
    make(tmp_path, ".git/a.txt", "node_modules/b.md", "__pycache__/c.py", ".d.txt", "~$e.docx", "f.txt")
    found = find_files([tmp_path])
    assert (found.paths, found.hidden) == ([tmp_path / "f.txt"], 2)


def test_a_file_that_is_named_is_listed_whatever_it_is(tmp_path: Path) -> None:
    make(tmp_path, ".hidden", "a.bin")
    named = [tmp_path / ".hidden", tmp_path / "a.bin", tmp_path / "missing"]
    assert find_files(named).paths == named


def test_kinds_can_be_left_out(tmp_path: Path) -> None:
    make(tmp_path, "a.png", "b.txt")
    found = find_files([tmp_path], without=[".png"])
    assert (found.paths, found.skipped) == ([tmp_path / "b.txt"], Counter({".png": 1}))


def test_a_folder_that_links_to_itself_is_walked_once(tmp_path: Path) -> None:
    make(tmp_path, "a.txt")
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    assert find_files([tmp_path]).paths == [tmp_path / "a.txt"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="this user may read everything")
def test_a_folder_that_cannot_be_listed_is_told(tmp_path: Path) -> None:
    make(tmp_path, "shut/a.txt")
    (tmp_path / "shut").chmod(0)
    ((path, reason),) = find_files([tmp_path]).refused
    assert path == tmp_path / "shut"
    assert reason.startswith("it cannot be read")
