import pytest
from hypothesis import given
from hypothesis import strategies as st

from tao.models.thinking import ThinkSplitter

PAIRS = [
    ("plain 文字", "plain 文字", ""),
    ("", "", ""),
    ("  indented", "  indented", ""),
    ("<think>why</think>because", "because", "why"),
    ("\n<think>\nwhy\n</think>\n\nbecause\n", "because\n", "why"),
    ("<think></think>answer", "answer", ""),
    ("<think>cut off by the limit", "", "cut off by the limit"),
    ("<think>", "", ""),
    ("template opened it</think>\n\nanswer", "answer", "template opened it"),
    ("</think>answer", "answer", ""),
    ("one <think>two</think> three", "one three", "two"),
    ("<think>a</think>b<think>c</think>d", "bd", "ac"),
    ("<think>a <think> b</think>c", "c", "a <think> b"),
    ("<think>a</think>b </think> c", "b </think> c", "a"),
    ("a < b and <b> and <thin", "a < b and <b> and <thin", ""),
    ("<think>x</thin", "", "x</thin"),
    ("<think>x</think>\n<thi", "<thi", "x"),
    ("<thinking>x", "<thinking>x", ""),
    (
        '{"answer": "<think> opens it, </think> ends it"}',
        '{"answer": "<think> opens it, </think> ends it"}',
        "",
    ),
    ('<think>plan</think>\n{"a": "</think>"}', '{"a": "</think>"}', "plan"),
]


def split(*pieces: str) -> tuple[str, str]:
    splitter = ThinkSplitter()
    for piece in pieces:
        splitter.feed(piece)
    splitter.close()
    return splitter.text, splitter.reasoning


@pytest.mark.parametrize(("reply", "text", "reasoning"), PAIRS)
def test_thinking_is_kept_apart_from_the_answer(reply: str, text: str, reasoning: str) -> None:
    assert split(reply) == (text, reasoning)


@pytest.mark.parametrize("reply", [reply for reply, _, _ in PAIRS])
def test_a_reply_cut_into_single_characters_is_split_alike(reply: str) -> None:
    assert split(*reply) == split(reply)


@given(st.lists(st.sampled_from(["<think>", "</think>", "<", "/", "thi", "nk>", " ", "\n", "{", "a", "想"])))
def test_where_a_reply_is_cut_makes_no_difference(pieces: list[str]) -> None:
    assert split(*pieces) == split("".join(pieces)) == split(*"".join(pieces))


@given(st.lists(st.sampled_from(["<think>", "</think>", " ", "a", "想", "\n"])))
def test_nothing_but_tags_and_the_space_round_blocks_is_lost(pieces: list[str]) -> None:
    splitter = ThinkSplitter()
    deltas = [d for character in "".join(pieces) for d in splitter.feed(character)] + splitter.close()
    heard = "".join(d.text + d.reasoning for d in deltas)
    said = "".join(pieces)
    for tag in ("<think>", "</think>"):
        said, heard = said.replace(tag, ""), heard.replace(tag, "")
    assert "".join(heard.split()) == "".join(said.split())


def test_an_answer_is_handed_out_as_it_comes() -> None:
    splitter = ThinkSplitter()
    assert [d.text for d in splitter.feed("Tao")] == ["Tao"]
    assert splitter.feed("<th") == []
    assert [d.text for d in splitter.feed("e>")] == ["<the>"]


def test_pieces_once_handed_out_turn_into_thinking_when_the_tag_was_in_the_prompt() -> None:
    splitter = ThinkSplitter()
    assert [d.text for d in splitter.feed("hm")] == ["hm"]
    assert [d.text for d in splitter.feed("</think>yes")] == ["yes"]
    assert (splitter.text, splitter.reasoning) == ("yes", "hm")


def test_what_the_endpoint_calls_reasoning_stands_beside_what_is_tagged() -> None:
    splitter = ThinkSplitter()
    splitter.think("first ")
    splitter.feed("<think>second</think>answer")
    assert (splitter.text, splitter.reasoning) == ("answer", "first second")
