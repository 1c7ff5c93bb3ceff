"""Thinking without tools: a failing or late sample does not hold the others; long talks are shortened."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any

import anyio
import pytest

from tao.dialects import SchemaDialect
from tao.errors import ModelError, PromptTooLongError
from tao.events import Notice
from tao.models.chat import ChatRequest, Completion, Delta
from tao.runs import Turn
from tao.strategies import Cot, CotSc, CotScThenReact, Direct, Limits, React, ReactThenCotSc, Strategy
from tao.toolbox import ToolResult
from tests.support.playing import act, finish, play
from tests.support.scripted import ScriptedModel, ScriptedToolbox, tool

SEARCH = tool("knowledge__search_knowledge", "query")


async def found(arguments: Mapping[str, Any]) -> ToolResult:
    return ToolResult("7999")


def says(answer: str) -> str:
    return f"Thought: so it is.\nFinal Answer: {answer}"


def react(**limits: Any) -> React:
    return React(ScriptedToolbox((SEARCH, found)), [SchemaDialect()], Limits(**limits))


async def test_the_majority_answers_whatever_the_form_of_its_words() -> None:
    model = ScriptedModel(says("8,000"), says("The 7999."), says("7999"))
    answer, events = await play("?", model, CotSc(timeout=60, samples=3))
    assert answer.text in ("7999", "The 7999.")
    assert answer.stop_reason == "finish"
    assert [event.text for event in events if isinstance(event, Notice)] == ["2 of 3 samples agree."]
    assert {request.temperature for request in model.requests} == {0.7}


async def test_samples_that_fail_do_not_vote() -> None:
    model = ScriptedModel(ModelError("busy", status=503), says("7999"), ModelError("busy", status=503))
    answer, _ = await play("?", model, CotSc(timeout=60, samples=3))
    assert (answer.text, answer.stop_reason) == ("7999", "finish")


async def test_when_every_sample_fails_the_failure_arrives_as_it_is() -> None:
    model = ScriptedModel(*[ModelError("The model is gone.", status=503)] * 3)
    with pytest.raises(ModelError, match="gone"):
        await play("?", model, CotSc(timeout=60, samples=3))


async def test_a_clear_vote_needs_no_tool_and_an_unclear_one_does() -> None:
    clear = ScriptedModel(says("a"), says("a"), says("b"))
    answer, _ = await play("?", clear, CotScThenReact(CotSc(timeout=60, samples=3), react()))
    assert (answer.text, answer.dialect) == ("a", None)
    unclear = ScriptedModel(
        says("a"), says("b"), says("c"), act(SEARCH.name, query="x"), finish("It is 7999.")
    )
    answer, _ = await play("?", unclear, CotScThenReact(CotSc(timeout=60, samples=3), react()))
    assert (answer.text, answer.dialect) == ("It is 7999.", "schema")


class Slow(ScriptedModel):
    """Hangs over each reply that is `hang`, and when they are used up."""

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta | Completion, None]:
        if not self._replies or self._replies[0] == "hang":
            self._replies = self._replies[1:]
            await anyio.sleep_forever()
        async for piece in super().stream(request):
            yield piece


async def test_when_acting_used_up_the_time_there_is_still_some_for_the_vote() -> None:
    model = Slow("hang", says("a"), says("a"))
    strategy = ReactThenCotSc(react(timeout=0.05), CotSc(timeout=0.05, samples=2), last_word=60)
    answer, _ = await play("?", model, strategy)
    assert (answer.text, answer.stop_reason) == ("a", "finish")


async def test_the_time_of_the_vote_counts_for_the_acting_after_it() -> None:
    strategy = CotScThenReact(CotSc(timeout=0.05, samples=2), react(timeout=0.05))
    answer, _ = await play("?", Slow("hang", "hang", "not known"), strategy)
    assert (answer.text, answer.stop_reason) == ("not known", "timeout")


@pytest.mark.parametrize(
    "strategy",
    [Direct(timeout=60), Cot(timeout=60), CotSc(timeout=60, samples=1)],
    ids=lambda one: type(one).__name__,
)
async def test_a_conversation_that_got_too_long_is_shortened_and_goes_on(strategy: Strategy) -> None:
    too_long = PromptTooLongError("too long", status=400)
    earlier = [Turn(f"q{n}", f"a{n}") for n in range(3)]
    model = ScriptedModel(too_long, too_long, "Final Answer: ok")
    answer, events = await play("?", model, strategy, earlier=earlier)
    assert answer.text.endswith("ok")
    assert [len(request.messages) for request in model.requests] == [8, 4, 2]
    assert sum("too long" in event.text for event in events if isinstance(event, Notice)) == 2
    with pytest.raises(PromptTooLongError):
        await play("?", ScriptedModel(too_long), strategy)


async def test_a_small_model_judges_which_answers_say_the_same() -> None:
    model = ScriptedModel(says("NYC"), says("Boston"), says("New York City"))
    small = ScriptedModel("No.", "Yes", "no", "no")
    answer, events = await play("?", model, CotSc(timeout=60, samples=3), small=small)
    assert [event.text for event in events if isinstance(event, Notice)] == ["2 of 3 samples agree."]
    assert answer.stop_reason == "finish"
    assert 1 < len(small.requests) <= 3
    assert all(len(request.messages) == 1 for request in small.requests)


async def test_where_the_small_model_fails_answers_stay_apart() -> None:
    model = ScriptedModel(says("NYC"), says("New York City"), says("Boston"))
    small = ScriptedModel(*[ModelError("gone")] * 3)
    _, events = await play("?", model, CotSc(timeout=60, samples=3), small=small)
    assert [event.text for event in events if isinstance(event, Notice)] == ["1 of 3 samples agree."]
