"""These tests read what is said in English, whatever the locale of the developer."""

from collections.abc import Iterator

import pytest

from tao.cli.words import speaking


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with speaking("en"):
        yield
