from pathlib import Path

import pytest
from click.testing import CliRunner

from tao_servers.get_info.command import run


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--profile", "nothing.toml"], "nothing.toml"),
        (["--profile", "bad.toml"], "bad.toml"),
        (["--profile", "."], "cannot be read"),
        (["--folder", "nowhere"], "--folder"),
        (["--folder", "bad.toml"], "--folder"),
        (["--privat"], "--private"),
    ],
)
def test_what_cannot_be_served_ends_with_one_line_and_code_2(
    arguments: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.toml").write_text("name = 'A'\n[channels", encoding="utf-8")
    done = CliRunner().invoke(run, arguments)
    assert done.exit_code == 2
    assert told in done.output
    assert "Traceback" not in done.output


def test_the_folder_of_the_settings_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAO_INFO_FOLDER", "/nowhere/profiles")
    done = CliRunner().invoke(run, [])
    assert done.exit_code == 2
    assert "TAO_INFO_FOLDER" in done.output
