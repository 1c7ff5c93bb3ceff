"""What tools cost in tokens."""

from pathlib import Path

import anyio
import pytest

from tao.hosts.cost import as_sent, count_cost, estimate, estimator, open_counter
from tao.toolbox import ToolSpec
from tests.support.suite import default_suite


async def test_the_default_suite_is_small_by_the_estimate(tmp_path: Path) -> None:
    with anyio.fail_after(20):
        cost = await count_cost(await default_suite(tmp_path), estimator())
    assert cost.counted_by == "estimate"
    assert len(cost.tools) >= 6
    assert 300 < cost.total < 3000
    assert {own.language for own in cost.agent} == {"zh", "en"}
    assert {own.model: own.tokens for own in cost.agent if own.tokens >= 900} == {}


async def test_without_a_model_it_is_an_estimate_and_that_is_said(tmp_path: Path) -> None:
    told: list[str] = []
    with anyio.fail_after(5):
        async with open_counter(folder=tmp_path, notify=told.append) as counter:
            assert counter.name == "estimate"
            assert await counter.count("公司年假规定") == estimate("公司年假规定")
    assert "agent model pull local-small" in told[0]


def test_a_tool_is_counted_with_its_name_description_and_schema() -> None:
    tool = ToolSpec("a__b", "查资料", {"type": "object"})
    assert as_sent(tool) == '{"name":"a__b","description":"查资料","inputSchema":{"type":"object"}}'


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("", 0, 0),
        ("hello world", 2, 3),
        ("12345", 5, 8),
        ("公司年假规定是多少天", 4, 9),
        ("\x00\ud800", 0, 3),
    ],
)
def test_the_estimate_is_near_for_each_kind_of_text(text: str, least: int, most: int) -> None:
    assert least <= estimate(text) <= most
