import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tao.dialects import Call, Dialect, SchemaDialect, Step, TextDialect, ToolsDialect, UnreadableStep
from tao.models.chat import Completion
from tests.support.scripted import tool

TOOLS = [
    tool("knowledge__search_knowledge", "query"),
    tool("text2sql__run_sql", "sql"),
    tool("weather__get_forecast", "place", "days"),
    tool("clock__now"),
]
DIALECTS: dict[str, Dialect] = {"text": TextDialect(), "schema": SchemaDialect()}
EACH_DIALECT = pytest.mark.parametrize(
    "dialect", [*DIALECTS.values(), ToolsDialect()], ids=lambda one: one.name
)
# Pieces that mean something to a reader, so that hypothesis soon puts together what nearly is a step.
PIECES = [
    "Thought:",
    "思考：",
    "\nAction:",
    "\n**Action 1**:",
    "\nAction Input:",
    "\n行动输入：",
    "\nObservation:",
]
PIECES += [
    "\nFinal Answer:",
    "\n最终答案：",
    "finish",
    "clock__now",
    "```json\n",
    "```",
    '{"thought": "',
    '"}',
    "]}",
]
PIECES += [
    '"actions": [',
    '{"tool": "finish", ',
    '"arguments": ',
    '{"answer": "',
    '", ',
    "\\u12",
    "\\ud800",
    "\n",
]
REPLIES = st.lists(st.sampled_from(PIECES) | st.text(st.characters(), max_size=8), max_size=12).map("".join)
# 200 KB each, of what makes a careless pattern or a careless repair run for minutes.
HUGE = [
    "{",
    "[",
    '{"a" ',
    " ",
    "\n",
    "Action",
    "Action: ",
    "*",
    "`",
    "a ",
    "观察",
    "\ud800",
    "\x00",
    '\\"',
    "'",
]


def pairs(dialect: str) -> list[Any]:
    with (Path(__file__).parent / f"{dialect}.toml").open("rb") as file:
        found = tomllib.load(file)["pair"]
    return [pytest.param(dialect, pair, id=f"{dialect}: {pair['name']}") for pair in found]


@pytest.mark.parametrize(("dialect", "pair"), pairs("text") + pairs("schema"))
def test_a_reply_is_read_as_its_fixture_says(dialect: str, pair: dict[str, Any]) -> None:
    if pair.get("unreadable"):
        with pytest.raises(UnreadableStep):
            DIALECTS[dialect].read(Completion(pair["reply"]), TOOLS)
        return
    step = DIALECTS[dialect].read(Completion(pair["reply"]), TOOLS)
    calls = tuple(Call(call["tool"], call["arguments"]) for call in pair.get("calls", ()))
    assert step == Step(pair.get("thought", step.thought), calls, pair.get("answer"))


def test_the_pairs_are_many_and_each_has_a_name_of_its_own() -> None:
    names = [str(pair.id) for pair in pairs("text") + pairs("schema")]
    assert len(names) == len(set(names)) >= 50


def read(dialect: Dialect, text: str) -> Step | str:
    try:
        return dialect.read(Completion(text), TOOLS)
    except UnreadableStep as exc:
        return str(exc)


@EACH_DIALECT
@settings(deadline=None)
@given(text=REPLIES)
def test_whatever_a_model_writes_is_a_step_or_unreadable(dialect: Dialect, text: str) -> None:
    dialect.glimpse(text)
    dialect.recorded(Completion(text))
    step = read(dialect, text)
    if isinstance(step, Step):
        assert (step.answer is None) == bool(step.calls)
        assert step.calls or (step.answer or "").strip()
    else:
        assert step


@pytest.mark.parametrize("start", ["", '{"thought": "', "Action: clock__now\nAction Input: {"])
@pytest.mark.parametrize("unit", HUGE, ids=ascii)
@EACH_DIALECT
def test_a_huge_reply_is_read_too(dialect: Dialect, unit: str, start: str) -> None:
    text = start + unit * (200_000 // len(unit)) + "x"
    dialect.glimpse(text)
    dialect.recorded(Completion(text))
    step = read(dialect, text)
    assert isinstance(step, Step) or len(step) < 300


@pytest.mark.parametrize("label", ["Observation:", "观察：", "**Observation 1:**", "> 观察:"])
def test_nothing_from_an_invented_observation_on_is_recorded(label: str) -> None:
    reply = f"Action: clock__now\n{label} noon\nFinal Answer: noon"
    assert TextDialect().recorded(Completion(reply)).content == "Action: clock__now"


def test_the_text_request_stops_before_an_observation_and_the_schema_request_has_its_schema() -> None:
    text, schema = (dialect.request([], TOOLS) for dialect in DIALECTS.values())
    assert {"\nObservation", "\n观察", "<observation"} <= set(text.stop)
    assert text.response_format is None
    assert schema.response_format is not None
    assert schema.response_format["type"] == "json_schema"
    assert not schema.stop
