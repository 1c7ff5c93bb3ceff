import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tao.dialects import Call, SchemaDialect, TextDialect
from tao.dialects.reading import Form, Reading, load_json, load_object, read_reply
from tao.models.chat import Completion
from tao.toolbox import ToolSpec
from tests.support.scripted import tool

FORECAST = {"place": {"type": "string"}, "days": {"type": "integer"}}
TOOLS = [
    tool("knowledge__search_knowledge", "query"),
    tool("text2sql__run_sql", "sql"),
    ToolSpec("weather__get_forecast", "", {"properties": FORECAST, "required": ["place"]}),
    ToolSpec("notes__tag", "", {"properties": {"tags": {"type": "array"}}, "required": ["tags"]}),
    tool("clock__now"),
    tool("a__lookup", "word"),
    tool("b__lookup", "word"),
]
FORMS: tuple[Form, ...] = get_args(Form)
RULES = Path(__file__).parents[3] / "docs" / "reading-rules.md"
PAIRS = [
    json.loads(line)
    for line in (Path(__file__).parent / "reading.jsonl").read_text(encoding="utf-8").splitlines()
]
# What a form is made of, so that hypothesis soon puts together what nearly is one.
PIECES = [
    "<tool_call>",
    "</tool_call>",
    "<function=clock__now>",
    "<parameter=a>",
    "[TOOL_CALLS]",
    "<|python_tag|>",
]
PIECES += [
    "<｜tool▁call▁begin｜>",
    "<｜tool▁sep｜>",
    "<|channel|>final<|message|>",
    "<think>",
    "</think>",
    "<|im_end|>",
]
PIECES += [
    "\nAction:",
    "\nAction Input:",
    "\nFinal Answer:",
    "\nObservation:",
    "\n## Action\n",
    "观察：",
    "None",
    "finish",
]
PIECES += [
    "clock__now",
    "search_knowledge",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    '"',
    "'",
    ":",
    ",",
    "=",
    "\\",
    "\n",
    "```json\n",
]
PIECES += [
    '{"name": ',
    '"arguments": ',
    '{"thought": "',
    '"actions": [',
    '"observation": ',
    "\ud800",
    "\\ud800",
]
REPLIES = st.lists(st.sampled_from(PIECES) | st.text(max_size=6), max_size=16).map("".join)
# Repeated to a megabyte, these make a careless pattern or a careless repair run for hours.
UNITS = [
    "Action: ",
    "<tool_call>",
    "{",
    '{"a":',
    "[",
    '"',
    " ",
    "\n",
    "<think>",
    "<function=",
    "clock__now(",
    "<",
]


def cases() -> list[Any]:
    return [
        pytest.param(form, pair, id=f"{pair['rule']} {form}: {pair['name']}")
        for pair in PAIRS
        for form in ([pair["first"]] if "first" in pair else FORMS)
    ]


@pytest.mark.parametrize(("form", "pair"), cases())
def test_a_reply_is_read_by_the_rule(form: Form, pair: dict[str, Any]) -> None:
    found = read_reply(pair["reply"], TOOLS, first=form)
    calls = tuple(Call(name, arguments) for name, arguments in pair.get("calls", ()))
    assert (found.calls, found.answer) == (calls, pair.get("answer"))
    assert (found.fault is not None) == pair.get("unreadable", False)
    assert found.thought == pair.get("thought", found.thought)


def test_the_pairs_are_many_and_no_reply_stands_twice_under_one_rule() -> None:
    replies = [(pair["rule"], pair["reply"], pair.get("first")) for pair in PAIRS]
    assert len(replies) == len(set(replies)) >= 150


def test_every_rule_on_the_page_has_a_pair_and_every_pair_a_rule() -> None:
    numbers = [int(n) for n in re.findall(r"^(\d+)\. ", RULES.read_text(encoding="utf-8"), re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))
    # The last rule is about JSON alone, which is no reply.
    assert {pair["rule"] for pair in PAIRS} == set(numbers[:-1])


@settings(deadline=None, max_examples=300)
@given(text=REPLIES, form=st.sampled_from(FORMS))
def test_any_text_is_read_without_failing_and_as_one_thing(text: str, form: Form) -> None:
    found = read_reply(text, TOOLS, first=form)
    said = (bool(found.calls), bool((found.answer or "").strip()), found.fault is not None)
    assert sum(said) == 1
    assert found == read_reply(text, TOOLS, first=form)
    assert len(found.calls) <= 16


@given(
    text=st.text(max_size=200),
    label=st.sampled_from(["Observation:", "观察：", "<tool_response>", "## Observation\n"]),
)
def test_nothing_after_an_invented_observation_is_read(text: str, label: str) -> None:
    head = "Thought: t\nAction: clock__now\nAction Input: {}\n"
    found = read_reply(f"{head}{label} SECRET {text}", TOOLS, first="labels")
    assert (found.calls, found.answer, found.thought) == ((Call("clock__now", {}),), None, "t")
    assert "SECRET" in found.invented


@pytest.mark.parametrize("unit", UNITS, ids=ascii)
def test_a_megabyte_of_anything_is_read(unit: str) -> None:
    text = unit * (1_000_000 // len(unit)) + "x"
    assert isinstance(read_reply(text, TOOLS, first="labels"), Reading)


@pytest.mark.parametrize("start", ["Action: knowledge__search_knowledge\nAction Input: ", "<tool_call>"])
def test_deep_nesting_is_read(start: str) -> None:
    text = start + '{"a": [' * 50_000 + "]}" * 50_000
    assert isinstance(read_reply(text, TOOLS, first="calls"), Reading)


@given(text=st.text(st.sampled_from('{}[]":,\\ab1 \n'), max_size=60))
def test_json_of_any_brokenness_gives_a_value(text: str) -> None:
    json.dumps(load_json(text))
    assert isinstance(load_object(text), dict | None)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1', {"a": 1}),
        ("Here: ```json\n{'a': 1}\n``` so.", {"a": 1}),
        ('{"a": "b\\', {"a": "b"}),
        ('{"a": 1} ``` more', {"a": 1}),
        ("none at all", None),
    ],
)
def test_rule_40_the_first_object_of_a_text_is_found(text: str, value: dict[str, Any] | None) -> None:
    assert load_object(text) == value


def test_a_bare_argument_is_kept_for_whoever_corrects_the_name() -> None:
    found = read_reply("Action: serch_knowlege\nAction Input: iPhone", TOOLS, first="labels")
    assert [(call.tool, dict(call.arguments), call.written) for call in found.calls] == [
        ("serch_knowlege", {}, "iPhone")
    ]


@pytest.mark.parametrize(
    "reply",
    [
        '{"thought": "t", "actions": [{"tool": "clock__now"}]}\nObservation: SECRET',
        '{"thought": "t", "actions": [{"tool": "clock__now"}], "observation": "SECRET"}',
        "Action: clock__now\nObservation: SECRET",
        '{"thought": "t", "actions": [{"tool": "clock__now"}]}<tool_response>SECRET',
    ],
)
def test_no_dialect_records_an_observation_of_the_models_own(reply: str) -> None:
    recorded = [dialect.recorded(Completion(reply)).content for dialect in (SchemaDialect(), TextDialect())]
    assert "SECRET" not in recorded[0]
    assert "clock__now" in recorded[0]
