import io
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tao_servers.knowledge.ingesting.errors import TargetError
from tao_servers.knowledge.ingesting.gathering import not_to_prune, piped, read_tags, read_targets
from tao_servers.knowledge.loading import Files, RefusedError, find_files


def test_files_addresses_and_standard_input_are_told_apart(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.touch()
    targets = read_targets([str(tmp_path), str(file), "-", "HTTPS://example.com/a", "http://例子.cn/页"])
    assert targets.paths == (tmp_path, file)
    assert targets.folders == (tmp_path,)
    assert targets.urls == ("HTTPS://example.com/a", "http://例子.cn/页")
    assert targets.piped


def test_an_address_that_is_named_twice_is_read_once() -> None:
    assert read_targets(["https://a.example/x", "https://a.example/x#end"]).urls == ("https://a.example/x",)


def test_a_link_that_leads_nowhere_is_there_to_be_refused(tmp_path: Path) -> None:
    link = tmp_path / "link.txt"
    link.symlink_to(tmp_path / "nowhere")
    assert read_targets([str(link)]).paths == (link,)


@pytest.mark.parametrize(
    "argument", ["nowhere.txt", "", "~nobody-here/a.txt", "file:a.txt", "s3://bucket/key", "mailto:a@b.c"]
)
def test_what_cannot_be_meant_is_named(argument: str) -> None:
    with pytest.raises(TargetError, match=r"There is no file|is not read"):
        read_targets([argument])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=20), max_size=5))
def test_tags_are_read_or_refused_and_never_changed(tags: list[str]) -> None:
    try:
        read = read_tags(tags)
    except TargetError:
        return
    assert {(name, value) for name, values in read.items() for value in values} <= {
        tuple(part.strip() for part in tag.replace("＝", "=", 1).split("=", 1)) for tag in tags
    } | {tuple(part.strip() for part in tag.split("=", 1)) for tag in tags}


def test_a_value_may_have_the_sign_in_it() -> None:
    assert read_tags(["formula=a=b", "formula=a=b"]) == {"formula": ["a=b"]}


def test_more_than_the_limit_through_a_pipe_is_refused_unread() -> None:
    stream = io.BytesIO(b"x" * 1000)
    with pytest.raises(RefusedError, match="which is the limit"):
        piped(stream, "a.txt", limit=10)
    assert stream.tell() == 11


@pytest.mark.parametrize("name", ["", " ", "a/b.txt", "a\\b.txt", "a\nb.txt"])
def test_what_comes_through_a_pipe_needs_a_file_name(name: str) -> None:
    with pytest.raises(TargetError, match="is no file name"):
        piped(io.BytesIO(b"x"), name, limit=10)


def test_nothing_is_pruned_where_a_folder_is_missing_empty_or_closed(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    assert not_to_prune([tmp_path], find_files([tmp_path])) is None
    (tmp_path / "empty").mkdir()
    assert "is empty" in str(not_to_prune([tmp_path / "empty"], Files()))
    assert "cannot be listed" in str(not_to_prune([tmp_path / "nowhere"], Files()))
    closed = Files(refused=[(tmp_path / "closed", "it cannot be read: Permission denied")])
    assert "Permission denied" in str(not_to_prune([tmp_path], closed))


def test_folders_are_absolute_wherever_they_are_named_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path)
    assert read_targets(["sub"]).folders == (Path(os.path.abspath("sub")),)
