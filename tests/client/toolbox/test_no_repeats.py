from collections.abc import Mapping
from typing import Any

from tao.toolbox import NoRepeats, ToolResult
from tests.support.scripted import ScriptedToolbox, tool


async def answer(arguments: Mapping[str, Any]) -> ToolResult:
    return ToolResult("misuse of aggregate", is_error=True)


async def test_the_very_same_call_is_made_once_and_the_model_is_told() -> None:
    inner = ScriptedToolbox((tool("db__run", "sql"), answer))
    toolbox = NoRepeats(inner)
    first = await toolbox.call("db__run", {"sql": "x"})
    second = await toolbox.call("db__run", {"sql": "x"})
    await toolbox.call("db__run", {"sql": "y"})
    assert [arguments["sql"] for _, arguments in inner.calls] == ["x", "y"]
    assert first.text == "misuse of aggregate"
    assert second.text.endswith("misuse of aggregate")
    assert "before" in second.text
    assert second.is_error


async def test_a_call_that_may_change_something_is_made_each_time() -> None:
    inner = ScriptedToolbox((tool("db__write", "sql", read_only=False), answer))
    toolbox = NoRepeats(inner)
    for _ in range(2):
        await toolbox.call("db__write", {"sql": "x"})
    assert len(inner.calls) == 2
