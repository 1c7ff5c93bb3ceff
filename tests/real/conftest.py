"""What the tests with the real model share."""

import os
from pathlib import Path

import pytest

from tao.models.local.fetch import pulled


@pytest.fixture(scope="session")
def folder() -> Path:
    """The folder of pulled weights that TAO_TEST_MODELS names."""
    path = Path(os.environ.get("TAO_TEST_MODELS", "nowhere"))
    if pulled("local-small", path) is None:
        pytest.skip("no weights in TAO_TEST_MODELS; run: agent model pull local-small")
    return path
