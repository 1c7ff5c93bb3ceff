import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tao_servers.knowledge.document import Document
from tao_servers.knowledge.loading import Options, RefusedError, read
from tao_servers.knowledge.splitting import Sizes, split


def of_value(value: Any) -> Document:
    return of_text(json.dumps(value, ensure_ascii=False))


def of_text(text: str, name: str = "a.json") -> Document:
    return read(text.encode(), name=name, options=Options())


def pieces(document: Document) -> list[str]:
    ends = (*document.parts[1:], len(document.text))
    return [document.text[start:end] for start, end in zip(document.parts, ends, strict=True)]


def test_a_record_begins_with_its_title_and_text() -> None:
    records = [
        {"_id": "1", "标题": "年假", "正文": "五天。\n可分次。", "meta": {"部门": "人事"}},
        {"text": "x", "n": 1.50},
    ]
    document = of_value(records)
    assert document.form == "records"
    assert pieces(document) == ["年假\n五天。\n可分次。\nmeta.部门: 人事\n", "x\nn: 1.5\n"]


def test_the_title_of_a_record_is_the_heading_of_all_its_chunks_and_of_no_other() -> None:
    document = of_text(
        '{"title": "Leave", "text": "' + "Ten days. " * 200 + '"}\n\n{"text": "Other."}\n', "a.jsonl"
    )
    chunks = split(document, "auto", sizes=Sizes(tokens=100, count=lambda text: len(text.split())))
    assert len(chunks) > 3
    assert [chunk.heading for chunk in chunks] == ["Leave"] * (len(chunks) - 1) + [""]


def test_a_record_of_json_lines_stands_in_its_line_of_the_file() -> None:
    lines = ['{"title": "A", "text": "a\\nb"}', "", '{"n": 1, "m": 2}', '{"text": "c"}']
    chunks = split(of_text("\n".join(lines), "a.jsonl"), "auto", sizes=Sizes(tokens=100, count=len))
    assert [(chunk.text.split()[0], chunk.line, chunk.last_line) for chunk in chunks] == [
        ("A", 1, 1),
        ("n:", 3, 3),
        ("c", 4, 4),
    ]


def test_a_record_without_content_moves_no_other_from_its_line() -> None:
    chunks = split(of_text('{}\n{"a": 1}', "a.jsonl"), "auto", sizes=Sizes(tokens=100, count=len))
    assert [(chunk.text, chunk.line) for chunk in chunks] == [("a: 1", 2)]


def test_a_broken_line_stands_under_no_title() -> None:
    document = of_text('{"title": "A", "text": "a"}\n{"broken\n', "a.jsonl")
    chunks = split(document, "auto", sizes=Sizes(tokens=100, count=len))
    assert [chunk.heading for chunk in chunks] == ["A", ""]


def test_a_title_as_long_as_a_text_is_no_heading() -> None:
    title = "A whole question. " * 20
    document = of_value([{"题目": title, "内容": "It goes on."}])
    assert document.headings == ()
    assert pieces(document) == [f"{title}\nIt goes on.\n"]


def test_json_lines_are_records_even_under_the_wrong_suffix() -> None:
    lines = '{"a": 1}\n\n{"a": [1, 2]}\n'
    assert pieces(of_text(lines, "a.jsonl")) == ["a: 1\n", "a: 1, 2\n"]
    assert pieces(of_text(lines, "a.json")) == ["a: 1\n", "a: 1, 2\n"]


def test_a_broken_line_is_kept_and_told() -> None:
    document = of_text('{"a": 1}\n{"a": \n{"a": 3}\n', "a.ndjson")
    assert pieces(document) == ["a: 1\n", '{"a": \n', "a: 3\n"]
    assert document.unread == ("1 lines are not valid JSON, and were read as plain text: 2",)


def test_an_object_becomes_lines_under_the_paths_to_them() -> None:
    document = of_value({"name": "Tao", "server": {"port": 1, "tls": {"on": True}}, "none": None})
    assert document.text == "name: Tao\nserver\nport: 1\nserver > tls\non: true\n"
    assert [(h.level, h.text) for h in document.headings] == [(1, "server"), (2, "server > tls")]


def test_a_list_of_records_within_an_object_is_read_as_records() -> None:
    assert pieces(of_value({"version": 2, "data": [{"a": 1}, {"a": 2}]})) == [
        "version: 2\n",
        "a: 1\n",
        "a: 2\n",
    ]


def test_long_numbers_stay_as_they_are_written() -> None:
    digits = "9" * 6000
    assert of_text(f'{{"n": {digits}, "m": 1.10}}').text == f"n: {digits}\nm: 1.10\n"


def test_what_is_no_json_is_read_as_it_is() -> None:
    document = of_text("{// a comment\n}")
    assert document.text == "{// a comment\n}"
    assert "not valid JSON" in document.unread[0]


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "[" * 900 + "1" + "]" * 900, '{"a":' * 900 + "1" + "}" * 900]
)
def test_deep_nesting_ends_in_a_text_or_a_reason(text: str) -> None:
    document = of_text(text)
    assert "1" in document.text or document.unread


def test_a_text_that_grows_beyond_the_limit_is_refused() -> None:
    data = json.dumps({"k" * 5000: [[n] for n in range(5000)]}).encode()
    with pytest.raises(RefusedError, match="longer than"):
        read(data, name="a.json", options=Options(max_chars=1_000_000))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("ab字 \n", max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("kl键", max_size=4), inner, max_size=4)
    ),
    max_leaves=20,
)


def words(value: Any) -> list[str]:
    if isinstance(value, dict | list):
        return [
            word for item in (value.values() if isinstance(value, dict) else value) for word in words(item)
        ]
    return value.split() if isinstance(value, str) else []


@given(VALUES)
@settings(max_examples=100, deadline=None)
def test_no_word_of_any_value_is_lost(value: Any) -> None:
    try:
        document = of_value(value)
    except RefusedError:
        assert not words(value)
        return
    assert all(word in document.text for word in words(value))
    assert list(document.parts) == sorted(set(document.parts))
