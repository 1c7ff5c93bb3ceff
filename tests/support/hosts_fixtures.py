"""Fixtures of the tests that need the programs which `make hosts` installs."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.hosts_processes import Family, family

__all__ = ["processes", "programs"]


@pytest.fixture(scope="session")
def programs() -> Path:
    """The folder of those programs."""
    folder = Path(os.environ.get("TAO_TEST_HOSTS") or "nowhere") / "node_modules" / ".bin"
    if not folder.is_dir():
        pytest.skip(
            "TAO_TEST_HOSTS names no folder with the hosts; run: make hosts (needs npm and its registry)"
        )
    return folder.absolute()


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Family]:
    """The processes of one test, of which none may be left after it."""
    with family(tmp_path) as ours:
        yield ours
