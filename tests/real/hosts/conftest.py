"""What the tests in real hosts share: the hosts, and one shop and one price list to ask about."""

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.hosts import Cline, Codex, Host
from tests.support.hosts_fixtures import processes, programs
from tests.support.hosts_processes import family

__all__ = ["Data", "cline", "codex", "data", "processes", "programs"]

_ROOT = Path(__file__).parent.parent.parent.parent


@dataclass(frozen=True)
class Data:
    """The example data: a store with the price list, and the shop's database."""

    store: Path
    shop: Path

    def command(self, server: str, *more: str) -> list[str]:
        """The command line of one of our servers over this data."""
        given = {"knowledge": ["--store", str(self.store)], "text2sql": ["--database", str(self.shop)]}
        return [sys.executable, "-m", f"tao_servers.{server}", *given.get(server, []), *more]


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    """The example price list, taken in, and the example shop."""
    folder = tmp_path_factory.mktemp("data")
    made = Data(folder / "store", folder / "shop.sqlite")
    with family(folder) as processes:
        for command in (
            [*made.command("knowledge"), "ingest", "--no-upgrade", str(_ROOT / "examples" / "价格表.txt")],
            [sys.executable, str(_ROOT / "examples" / "make_shop.py"), str(made.shop)],
        ):
            done = processes.run(command, seconds=120)
            assert done.code == 0, done.err
    return made


@pytest.fixture
def codex(programs: Path) -> Host:
    """Codex."""
    return Codex(programs)


@pytest.fixture
def cline(programs: Path) -> Host:
    """Cline."""
    return Cline(programs)
