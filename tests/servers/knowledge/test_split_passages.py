from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tao_servers.knowledge.split import PASSAGE_CHARS, split


def test_each_line_of_a_price_list_is_a_passage_with_its_number(repository: Path) -> None:
    text = (repository / "examples" / "价格表.txt").read_text(encoding="utf-8")
    passages = split(text)
    assert [passage.text for passage in passages] == text.splitlines()
    assert [passage.line for passage in passages] == list(range(1, len(passages) + 1))


def test_blank_lines_of_a_list_are_counted_and_not_kept() -> None:
    passages = split("\ufeff\r\n皮鞋: 399元\r\n\r\n  凉鞋: 129元 \r雨靴: 79元\n".removeprefix("\ufeff"))
    assert [(p.line, p.text) for p in passages] == [(2, "皮鞋: 399元"), (4, "凉鞋: 129元"), (5, "雨靴: 79元")]


def test_wrapped_prose_becomes_paragraphs_that_know_their_lines() -> None:
    line = "This sentence is wrapped by an editor at a width near seventy-two signs."
    text = "\n".join(["# Heading", "", *[line] * 4, "", *[line] * 4])
    first, second = split(text)
    assert (first.line, first.last_line) == (1, 6)
    assert (second.line, second.last_line) == (8, 11)
    assert first.text.startswith("# Heading\nThis")


def test_a_table_keeps_its_rows_apart_however_wide() -> None:
    text = "name,price\n" + "\n".join(f"{'x' * 100}{n},{n}" for n in range(5))
    assert len(split(text, rows=True)) == 6


def test_a_long_line_is_cut_at_the_end_of_a_sentence() -> None:
    passages = split("年假十五天，病假另算。" * 200)
    assert len(passages) > 3
    assert all(passage.text.endswith("。") and passage.line == 1 for passage in passages)


@pytest.mark.parametrize("text", ["", " ", "\n\n\t\n", "\u3000"])
def test_a_text_of_white_space_has_no_passages(text: str) -> None:
    assert split(text) == []


def test_a_huge_line_is_cut_into_bounded_passages() -> None:
    passages = split("x" * 3_000_000)
    assert sum(len(passage.text) for passage in passages) == 3_000_000


@given(st.text(st.sampled_from("ab 字。.\n\r\t\x0c\u2028"), max_size=3000), st.integers(1, 40), st.booleans())
def test_nothing_is_lost_and_no_passage_is_too_long(text: str, times: int, rows: bool) -> None:
    text *= times
    passages = split(text, rows=rows)
    assert "".join("".join(p.text for p in passages).split()) == "".join(text.split())
    assert all(0 < len(p.text) <= PASSAGE_CHARS for p in passages)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert all(p.text.split("\n")[0] in lines[p.line - 1] for p in passages)
    assert all(p.text.split("\n")[-1] in lines[p.last_line - 1] for p in passages)
