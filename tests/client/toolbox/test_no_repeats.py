"""The same call with the same result is not made over and over."""

from collections.abc import Mapping
from itertools import count
from typing import Any

import pytest

from tao.toolbox import NoRepeats, ToolResult
from tests.support.scripted import ScriptedToolbox, tool

READ = tool("db__run", "sql")
WRITE = tool("db__write", "sql", read_only=False)


def same(is_error: bool = False) -> Any:
    async def answer(arguments: Mapping[str, Any]) -> ToolResult:
        return ToolResult("42", is_error=is_error)

    return answer


def changing() -> Any:
    numbers = count()

    async def answer(arguments: Mapping[str, Any]) -> ToolResult:
        return ToolResult(str(next(numbers)))

    return answer


async def test_what_a_reading_tool_said_is_given_again_from_memory() -> None:
    inner = ScriptedToolbox((READ, same()))
    toolbox = NoRepeats(inner)
    first = await toolbox.call("db__run", {"sql": "x"})
    second = await toolbox.call("db__run", {"sql": "x"})
    await toolbox.call("db__run", {"sql": "y"})
    assert [arguments["sql"] for _, arguments in inner.calls] == ["x", "y"]
    assert first.text == "42"
    assert second.text.startswith("(You made this very call before")
    assert second.text.endswith("42")


@pytest.mark.parametrize(("spec", "is_error"), [(WRITE, False), (WRITE, True), (READ, True)])
async def test_any_other_call_is_not_made_a_third_time_with_one_result(spec: Any, is_error: bool) -> None:
    inner = ScriptedToolbox((spec, same(is_error)))
    toolbox = NoRepeats(inner)
    texts = [(await toolbox.call(spec.name, {"sql": "x"})).text for _ in range(4)]
    assert len(inner.calls) == 2
    assert [text.startswith("(You made") for text in texts] == [False, True, True, True]


async def test_a_call_whose_result_changes_may_be_repeated() -> None:
    inner = ScriptedToolbox((WRITE, changing()))
    toolbox = NoRepeats(inner)
    texts = [(await toolbox.call("db__write", {"sql": "x"})).text for _ in range(5)]
    assert texts == ["0", "1", "2", "3", "4"]
    assert not toolbox.stuck


async def test_whoever_repeats_itself_in_three_steps_in_a_row_is_stuck() -> None:
    toolbox = NoRepeats(ScriptedToolbox((READ, same())))
    for sql in "xxxyxyx":
        assert not toolbox.stuck
        toolbox.next_step()
        await toolbox.call("db__run", {"sql": sql})
    assert toolbox.stuck


async def test_calls_of_one_step_are_told_once_since_none_could_heed_it() -> None:
    toolbox = NoRepeats(ScriptedToolbox((READ, same())))
    for _ in range(2):
        toolbox.next_step()
        for sql in "xyz":
            await toolbox.call("db__run", {"sql": sql})
    assert not toolbox.stuck


async def test_what_the_model_is_told_is_not_what_the_tool_said() -> None:
    toolbox = NoRepeats(ScriptedToolbox((READ, same())))
    results = [await toolbox.call("db__run", {"sql": "x"}) for _ in range(2)]
    assert [result.evidence for result in results] == ["42", "42"]
