"""What the default suite costs, by the embedded model's own tokenizer."""

from pathlib import Path

import anyio
import pytest

from tao.hosts.cost import count_cost, estimator, open_counter
from tests.support.suite import default_suite

pytestmark = pytest.mark.real


async def test_the_default_suite_is_small_by_the_models_own_tokenizer(folder: Path, tmp_path: Path) -> None:
    with anyio.fail_after(200):
        tools = await default_suite(tmp_path)
        async with open_counter(folder=folder, idle_seconds=0) as counter:
            cost = await count_cost(tools, counter)
            guessed = await count_cost(tools, estimator())
    assert cost.counted_by in {"local", "local-small"}
    assert 300 < cost.total < 3000
    assert {own.model: own.tokens for own in cost.agent if own.tokens >= 900} == {}
    assert guessed.total == pytest.approx(cost.total, rel=0.15)
