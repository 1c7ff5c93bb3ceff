import os
import stat
import sys
from pathlib import Path

import pytest

from tao import Agent, ConfigError
from tao.settings import config_dir, state_dir
from tao.toolbox import find_config
from tao.toolbox.approved_lists import ApprovedLists, UnapprovedListError, digest_of

LIST = '{"mcpServers": {}}'


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a server list, in which we are."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "cline_config.json").write_text(LIST, encoding="utf-8")
    monkeypatch.chdir(folder)
    return folder / "cline_config.json"


def test_a_found_list_is_refused_with_the_command_that_approves_it(here: Path, tmp_path: Path) -> None:
    with pytest.raises(UnapprovedListError, match=r"agent allow cline_config\.json") as caught:
        find_config(None, state=tmp_path)
    assert isinstance(caught.value, ConfigError)
    assert "\n" not in str(caught.value)


def test_the_python_api_refuses_it_just_the_same(here: Path) -> None:
    with pytest.raises(ConfigError, match="agent allow"):
        Agent.from_config(None)
    ApprovedLists(state_dir()).approve(here, digest_of(here))
    Agent.from_config(None)


def test_an_approved_list_is_used_until_it_changes(here: Path, tmp_path: Path) -> None:
    ApprovedLists(tmp_path).approve(here, digest_of(here))
    assert find_config(None, state=tmp_path) == Path("cline_config.json")
    here.write_text(LIST + " ", encoding="utf-8")
    with pytest.raises(UnapprovedListError, match="has changed"):
        find_config(None, state=tmp_path)
    here.write_text(LIST, encoding="utf-8")
    assert find_config(None, state=tmp_path) == Path("cline_config.json")


def test_an_approval_is_for_one_place(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ApprovedLists(tmp_path).approve(here, digest_of(here))
    other = tmp_path / "other"
    other.mkdir()
    (other / "cline_config.json").write_text(LIST, encoding="utf-8")
    monkeypatch.chdir(other)
    with pytest.raises(UnapprovedListError, match="has not been approved"):
        find_config(None, state=tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX links")
def test_a_link_leads_to_the_same_approval(here: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(here.parent)
    approvals = ApprovedLists(tmp_path)
    approvals.approve(link / "cline_config.json", digest_of(here))
    assert approvals.state(here) == "approved"
    assert approvals.paths() == [Path(os.path.realpath(here))]


def test_a_list_that_is_named_or_the_users_own_needs_no_approval(here: Path) -> None:
    assert find_config(Path("cline_config.json")) == Path("cline_config.json")
    config_dir().mkdir(parents=True)
    own = config_dir() / "cline_config.json"
    own.write_text(LIST, encoding="utf-8")
    assert find_config(None) == own


def test_an_approval_can_be_taken_back_also_when_the_file_is_gone(here: Path, tmp_path: Path) -> None:
    approvals = ApprovedLists(tmp_path)
    approvals.approve(here, digest_of(here))
    here.unlink()
    assert approvals.state(here) == "gone"
    assert approvals.revoke(here)
    assert not approvals.revoke(here)
    assert approvals.paths() == []


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")
def test_only_the_owner_can_read_the_approvals(here: Path, tmp_path: Path) -> None:
    state = tmp_path / "new" / "state"
    ApprovedLists(state).approve(here, digest_of(here))
    (file,) = state.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"[]", b'{"lists": []}', b'{"lists": {"a": 1}}', b"[" * 100_000]
)
def test_damaged_approvals_count_as_none_and_can_be_written_again(
    here: Path, tmp_path: Path, content: bytes
) -> None:
    approvals = ApprovedLists(tmp_path)
    approvals.approve(here, digest_of(here))
    (tmp_path / "approved_lists.json").write_bytes(content)
    assert approvals.state(here) == "unknown"
    approvals.approve(here, digest_of(here))
    assert approvals.state(here) == "approved"


def test_a_state_folder_that_cannot_be_made_is_named(here: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="--config PATH"):
        ApprovedLists(tmp_path / "file" / "state").approve(here, digest_of(here))
