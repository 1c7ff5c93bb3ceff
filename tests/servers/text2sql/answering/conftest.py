"""The example shop, opened once: reading its values for the questions takes longer than a test does."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tao_servers.text2sql.source import Source
from tests.support.sql_server import database_at


@pytest.fixture(scope="session")
def shop(shop_template: Path) -> Iterator[Source]:
    source = Source(database_at(shop_template))
    yield source
    source.close()
