"""What all tests share: folders of their own, so that no test sees or changes the user's data."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    for name in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    for name in [n for n in _environment() if n.startswith("TAO_")]:
        monkeypatch.delenv(name)


def _environment() -> list[str]:
    import os

    return list(os.environ)


@pytest.fixture
def repository() -> Path:
    """The root of the checkout."""
    return Path(__file__).parent.parent
