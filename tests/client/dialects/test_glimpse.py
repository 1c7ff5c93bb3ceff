import json
from itertools import accumulate, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tao.dialects import Dialect, Glimpse, SchemaDialect, TextDialect

TEXT, SCHEMA = TextDialect(), SchemaDialect()
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
TOOLS = st.sampled_from(["finish", "knowledge__search_knowledge", "finish_later", "a__b"])
LABELS = [
    "Thought: ",
    "**Action:** ",
    "Action Input: ",
    "Final Answer: ",
    "最终答案：",
    "观察：",
    "> Act",
    "",
]
LABELS += [
    "1. Action: ",
    "- Act",
    "## Action",
    "**Final Answer**",
    "Answer: ",
    "答案：",
    "Tool output: ",
    "8. ",
]
LABELS += [
    "12",
    "x <obs",
    "a < tool_result",
    "## Observation",
    "- Observation: ",
    "Observ",
    "✿FUNCTION✿: ",
    "None",
]
LINES = st.sampled_from(LABELS)


def glimpses(dialect: Dialect, reply: str) -> list[Glimpse]:
    return [dialect.glimpse(prefix) for prefix in accumulate(reply)]


def assert_only_grows(dialect: Dialect, reply: str) -> None:
    for before, after in pairwise([Glimpse(), *glimpses(dialect, reply)]):
        assert after.thought.startswith(before.thought)
        assert after.answer.startswith(before.answer)
        assert after.tools[: len(before.tools)] == before.tools


@settings(deadline=None)
@given(lines=st.lists(st.tuples(LINES, WORDS), max_size=8), newline=st.sampled_from(["\n", "\r\n", "\n\n"]))
def test_what_is_glimpsed_of_labelled_lines_only_grows(lines: list[tuple[str, str]], newline: str) -> None:
    assert_only_grows(TEXT, newline.join(label + words for label, words in lines))


@settings(deadline=None)
@given(
    thought=WORDS,
    actions=st.lists(st.tuples(TOOLS, WORDS, st.booleans()), max_size=3),
    ascii_only=st.booleans(),
    around=st.sampled_from([("", ""), ("```json\n", "\n```"), ("My step: ", " That's it.")]),
)
def test_what_is_glimpsed_of_a_json_step_only_grows(
    thought: str, actions: list[tuple[str, str, bool]], ascii_only: bool, around: tuple[str, str]
) -> None:
    written = [
        {"arguments": {"answer": words}, "tool": name}
        if turned
        else {"tool": name, "arguments": {"answer": words}}
        for name, words, turned in actions
    ]
    reply = json.dumps({"thought": thought, "actions": written}, ensure_ascii=ascii_only)
    assert_only_grows(SCHEMA, reply.join(around))
    assert SCHEMA.glimpse(reply).thought == thought


@pytest.mark.parametrize("opening", ["", "```json\n"])
def test_thought_tool_and_answer_are_seen_as_soon_as_they_are_certain(opening: str) -> None:
    reply = (
        opening + '{"thought": "价格", "actions": [{"tool": "finish", "arguments": {"answer": "7999元"}}]}'
    )
    seen = glimpses(SCHEMA, reply)
    assert Glimpse("价") in seen
    assert Glimpse("价格", ("finish",), "79") in seen
    assert Glimpse("价格") in seen
    assert seen[-1] == Glimpse("价格", ("finish",), "7999元")


def test_a_label_is_never_shown_as_a_thought_while_it_is_being_written() -> None:
    thoughts = {glimpse.thought for glimpse in glimpses(TEXT, "Thought: hm\n\n**Final Answer**: 7\n8")}
    assert thoughts == {"", "h", "hm"}


def test_the_last_line_of_an_answer_is_seen_before_the_reply_ends() -> None:
    assert TEXT.glimpse("Final Answer: two:\n7\n8").answer == "two:\n7\n8"
    assert TEXT.glimpse("Final Answer: two:\n7\nObs").answer == "two:\n7"


@pytest.mark.parametrize(
    "after", ["\nAction Input: {", "\nAction Input: {}\nThought: and then", "\nThought: x"]
)
def test_a_tool_is_seen_once_its_name_is_complete_and_stays(after: str) -> None:
    assert TEXT.glimpse("Action: `a__b`").tools == ()
    assert TEXT.glimpse(f"Action: `a__b`{after}").tools == ("a__b",)


def test_an_answer_that_comes_after_a_call_is_not_shown() -> None:
    actions = [{"tool": "a__b", "arguments": {}}, {"tool": "finish", "arguments": {"answer": "7999元"}}]
    seen = SCHEMA.glimpse(json.dumps({"thought": "", "actions": actions}))
    assert (seen.tools, seen.answer) == (("a__b", "finish"), "")


@pytest.mark.parametrize(
    "reply",
    [
        '{"thought": 1.5e3, "actions": [{"tool": 7, "arguments": []}]}',
        '{"thought": {"a": "b"}, "actions": {"tool": "a__b"}}',
        '{"actions": [{"arguments": {"answer": 12.5}, "tool": "finish"}]}',
        '[{"thought": "x"}]',
        "null",
    ],
)
def test_a_json_reply_of_another_form_shows_nothing_that_does_not_grow(reply: str) -> None:
    assert_only_grows(SCHEMA, reply)
