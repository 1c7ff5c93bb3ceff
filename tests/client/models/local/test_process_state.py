from pathlib import Path

import pytest

from tao.models.local.state import State, read_state, write_state

STATE = State(name="tiny", pid=1, port=4321, key="secret", started=1.0, base_url="http://127.0.0.1:9/v1")


def test_a_state_is_read_back_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "tiny.json"
    write_state(path, STATE)
    assert read_state(path) == STATE
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_state_that_others_may_read_is_not_trusted(tmp_path: Path) -> None:
    path = tmp_path / "tiny.json"
    write_state(path, STATE)
    path.chmod(0o644)
    assert read_state(path) is None


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    write_state(tmp_path / "other.json", STATE)
    (tmp_path / "tiny.json").symlink_to(tmp_path / "other.json")
    assert read_state(tmp_path / "tiny.json") is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b'{"name": "tiny", "pid": "1", "port": 1, "key": "k", "started": 1, "base_url": null}',
        b'{"name": "tiny", "pid": 1, "port": 99999, "key": "k", "started": 1, "base_url": null}',
        b'{"name": "tiny", "pid": 1, "port": 1, "key": 5, "started": 1, "base_url": null}',
        b"[" * 4000,
    ],
)
def test_a_state_that_is_nonsense_counts_as_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "tiny.json"
    path.write_bytes(content)
    path.chmod(0o600)
    assert read_state(path) is None


def test_a_missing_state_counts_as_none(tmp_path: Path) -> None:
    assert read_state(tmp_path / "nothing.json") is None
