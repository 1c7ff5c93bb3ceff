"""A run ends at its limits with the best answer, and never because of what a model wrote."""

import json
from collections.abc import Mapping
from typing import Any

import anyio
import pytest

from tao.dialects import Dialect, SchemaDialect, TextDialect, ToolsDialect
from tao.errors import PromptTooLongError
from tao.events import Action, AnswerDelta, Notice, Observation
from tao.models.chat import Completion, ToolCall, Usage
from tao.runs import Turn
from tao.strategies import Limits, React
from tao.toolbox import ToolResult
from tests.support.playing import act, finish, play
from tests.support.scripted import ScriptedModel, ScriptedToolbox, tool

SEARCH = tool("knowledge__search_knowledge", "query")
ADD = tool("notes__add", "text", read_only=False)


async def found(arguments: Mapping[str, Any]) -> ToolResult:
    return ToolResult(f"about {arguments.get('query') or arguments.get('text')}")


def react(*dialects: Dialect, toolbox: ScriptedToolbox | None = None, **limits: Any) -> React:
    box = toolbox or ScriptedToolbox((SEARCH, found), (ADD, found))
    return React(box, dialects or [SchemaDialect()], Limits(**limits))


def several(*queries: str) -> str:
    actions = [{"tool": SEARCH.name, "arguments": {"query": query}} for query in queries]
    return json.dumps({"thought": "", "actions": actions})


async def test_calls_over_the_limit_are_not_made_and_the_best_answer_is_asked_for() -> None:
    model = ScriptedModel(several("a", "b", "c"), "a and b")
    toolbox = ScriptedToolbox((SEARCH, found))
    answer, events = await play("？", model, react(toolbox=toolbox, max_tool_calls=2))
    assert [arguments["query"] for _, arguments in toolbox.calls] == ["a", "b"]
    assert (answer.text, answer.stop_reason) == ("a and b", "max_tool_calls")
    assert [event.is_error for event in events if isinstance(event, Observation)] == [False, False, True]


async def test_at_the_token_limit_the_best_answer_is_asked_for() -> None:
    reply = Completion(act(SEARCH.name, query="a"), finish_reason="stop", usage=Usage(900, 200))
    answer, _ = await play("？", ScriptedModel(reply, "about a"), react(max_tokens=1000))
    assert (answer.text, answer.stop_reason, answer.steps) == ("about a", "max_tokens", 1)


async def test_steps_that_bring_nothing_new_end_the_run() -> None:
    same = [act(SEARCH.name, query=f"q{n}") for n in range(9)]

    async def nothing(arguments: Mapping[str, Any]) -> ToolResult:
        return ToolResult("nothing was found")

    box = ScriptedToolbox((SEARCH, nothing))
    answer, _ = await play("？", ScriptedModel(*same[:4], "no"), react(toolbox=box, patience=3, max_steps=9))
    assert (answer.text, answer.stop_reason, answer.steps) == ("no", "no_progress", 4)


async def test_a_model_that_repeats_one_call_is_stopped() -> None:
    again = act(SEARCH.name, query="a")
    answer, _ = await play("？", ScriptedModel(*[again] * 4, "about a"), react(max_steps=20, patience=10))
    assert (answer.text, answer.stop_reason, answer.steps) == ("about a", "no_progress", 4)


async def test_a_failing_call_does_not_hold_the_others() -> None:
    async def fail(arguments: Mapping[str, Any]) -> ToolResult:
        if arguments["query"] == "b":
            return ToolResult("broken", is_error=True)
        return ToolResult(f"about {arguments['query']}")

    model = ScriptedModel(several("a", "b", "c"), finish("ok"))
    _, events = await play("？", model, react(toolbox=ScriptedToolbox((SEARCH, fail))))
    texts = [event.text for event in events if isinstance(event, Observation)]
    assert sorted(texts) == ["about a", "about c", "broken"]


async def test_an_observation_is_told_when_its_own_call_is_done() -> None:
    first_told = anyio.Event()

    async def wait(arguments: Mapping[str, Any]) -> ToolResult:
        if arguments["query"] == "slow":
            await first_told.wait()
        return ToolResult(str(arguments["query"]))

    told: list[str] = []

    def hear(event: Any) -> None:
        if isinstance(event, Observation):
            told.append(event.text)
            first_told.set()

    box = ScriptedToolbox((SEARCH, wait))
    model = ScriptedModel(several("slow", "fast"), finish("ok"))
    await play("？", model, react(toolbox=box), on_event=hear)
    assert told == ["fast", "slow"]
    shown = model.requests[1].messages[-1].content
    assert shown.index("slow") < shown.index("fast")


async def test_two_unreadable_replies_in_a_row_change_the_dialect_and_nothing_is_lost() -> None:
    model = ScriptedModel(act(SEARCH.name, query="a"), "[]", "{}", "Thought: so\nFinal Answer: about a")
    answer, events = await play("？", model, react(SchemaDialect(), TextDialect()))
    assert (answer.text, answer.dialect, answer.stop_reason) == ("about a", "text", "finish")
    history = "\n".join(message.content for message in model.requests[-1].messages)
    assert "Action: knowledge__search_knowledge" in history
    assert "about a" in history
    assert any("could not be read" in event.text for event in events if isinstance(event, Notice))


async def test_a_prompt_that_is_too_long_is_shortened_and_goes_on() -> None:
    async def long(arguments: Mapping[str, Any]) -> ToolResult:
        return ToolResult(f"{arguments['query']} " * 1000)

    too_long = PromptTooLongError("too long", status=400, window=8192)
    model = ScriptedModel(
        act(SEARCH.name, query="old"), act(SEARCH.name, query="new"), too_long, too_long, finish("ok")
    )
    box = ScriptedToolbox((SEARCH, long))
    answer, events = await play("？", model, react(toolbox=box))
    assert answer.stop_reason == "finish"
    sizes = [sum(len(message.content) for message in request.messages) for request in model.requests[2:]]
    assert sizes[0] > sizes[1] > sizes[2]
    kept = model.requests[-1].messages
    assert "old" in kept[-3].content
    assert kept[-1].content.count("new") > kept[-3].content.count("old")
    assert all(message.content.endswith("</observation>") for message in (kept[-3], kept[-1]))
    assert sum("shortened" in event.text for event in events if isinstance(event, Notice)) == 2


async def test_a_prompt_that_cannot_be_shortened_ends_the_run_with_the_endpoints_words() -> None:
    with pytest.raises(PromptTooLongError, match="too long"):
        await play("？", ScriptedModel(PromptTooLongError("too long", status=400)), react())


async def test_the_best_answer_shortens_too() -> None:
    async def long(arguments: Mapping[str, Any]) -> ToolResult:
        return ToolResult("x" * 5000)

    too_long = PromptTooLongError("too long", status=400)
    model = ScriptedModel(act(SEARCH.name, query="a"), too_long, "x")
    answer, _ = await play("？", model, react(toolbox=ScriptedToolbox((SEARCH, long)), max_steps=1))
    assert (answer.text, answer.stop_reason) == ("x", "max_steps")


async def test_earlier_turns_stand_before_the_question_in_each_dialects_own_form() -> None:
    for dialect, reply in (
        (SchemaDialect(), finish("ok")),
        (TextDialect(), "Final Answer: ok"),
        (ToolsDialect(), "ok"),
    ):
        model = ScriptedModel(reply)
        earlier = (Turn("皮鞋多少钱", "399元"),)
        answer, _ = await play("那凉鞋呢", model, react(dialect), earlier=earlier)
        *_, question, said, asked = model.requests[0].messages
        assert "皮鞋多少钱" in question.content
        assert "399元" in said.content
        assert "那凉鞋呢" in asked.content
        assert [message.role for message in (question, said, asked)] == ["user", "assistant", "user"]
        assert answer.text == "ok"


async def test_asking_the_user_ends_the_run_with_the_question() -> None:
    model = ScriptedModel(act("ask_user", question="哪个城市？"))
    answer, events = await play("天气怎么样", model, react())
    assert (answer.text, answer.stop_reason, answer.unsupported) == ("哪个城市？", "needs_input", ())
    assert "".join(event.text for event in events if isinstance(event, AnswerDelta)) == "哪个城市？"
    assert not any(isinstance(event, Action) for event in events)


async def test_native_calls_are_made_and_answered_under_their_ids() -> None:
    calls = (
        ToolCall("a", SEARCH.name, '{"query": "鞋"}'),
        ToolCall("b", SEARCH.name, '{"query": "帽"}'),
    )
    model = ScriptedModel(Completion("", tool_calls=calls, finish_reason="tool_calls"), "都有。")
    answer, _ = await play("有什么", model, react(ToolsDialect()))
    assert (answer.text, answer.dialect, answer.steps) == ("都有。", "tools", 2)
    *_, said, first, second = model.requests[1].messages
    assert said.tool_calls == calls
    assert [(one.role, one.tool_call_id) for one in (first, second)] == [("tool", "a"), ("tool", "b")]
    assert "about 鞋" in first.content


async def test_the_best_answer_after_native_calls_is_asked_for_in_a_turn_of_the_user() -> None:
    calls = (ToolCall("a", SEARCH.name, '{"query": "鞋"}'),)
    model = ScriptedModel(Completion("", tool_calls=calls), "about 鞋")
    answer, _ = await play("有什么", model, react(ToolsDialect(), max_steps=1))
    assert (answer.text, answer.stop_reason) == ("about 鞋", "max_steps")
    assert [message.role for message in model.requests[1].messages[-2:]] == ["tool", "user"]


@pytest.mark.parametrize("dialect", [SchemaDialect(), ToolsDialect()], ids=lambda one: one.name)
async def test_the_history_only_grows_in_every_dialect(dialect: Dialect) -> None:
    replies = [several(f"q{n}") for n in range(4)]
    model = ScriptedModel(*replies, finish("ok"))
    await play("？", model, react(dialect))
    for before, after in zip(model.requests, model.requests[1:], strict=False):
        assert after.messages[: len(before.messages)] == before.messages
        assert after.tools == before.tools
