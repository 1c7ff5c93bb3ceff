"""Lists, prose, records and chunks of one size."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from tao_servers.knowledge.document import Document, Heading
from tao_servers.knowledge.splitting import Sizes, Splitter, split

_SIZES = Sizes(tokens=600, count=len)
_SENTENCE = "年假十五天，病假另算。"


def test_each_line_of_a_price_list_is_a_chunk_with_its_number(repository: Path) -> None:
    text = (repository / "examples" / "价格表.txt").read_text(encoding="utf-8")
    chunks = split(Document(text), sizes=_SIZES)
    assert [chunk.text for chunk in chunks] == text.splitlines()
    assert [chunk.line for chunk in chunks] == list(range(1, len(chunks) + 1))


def test_a_price_list_may_have_a_title() -> None:
    lines = ["# 价格表", "", *(f"皮鞋{n}号: {n}元" for n in range(30))]
    chunks = split(Document("\n".join(lines), form="markdown"), sizes=_SIZES)
    assert [chunk.text for chunk in chunks] == [line for line in lines if line]
    assert {chunk.heading for chunk in chunks} == {"价格表"}


def test_the_short_lines_of_code_make_no_list() -> None:
    code = "\n".join(f"total_{n} = price * {n}" for n in range(20))
    text = f"# Prices\n\nThe total:\n\n```python\n{code}\n```\n"
    (chunk,) = split(Document(text, form="markdown"), sizes=_SIZES)
    assert chunk.text == text.strip()


def test_blank_lines_of_a_list_are_counted_and_not_kept() -> None:
    chunks = split(Document("\n皮鞋: 399元\n\n  凉鞋: 129元 \n雨靴: 79元\n"), sizes=_SIZES)
    assert [(c.line, c.text) for c in chunks] == [(2, "皮鞋: 399元"), (4, "凉鞋: 129元"), (5, "雨靴: 79元")]


def test_wrapped_prose_becomes_paragraphs_that_know_their_lines() -> None:
    line = "This sentence is wrapped by an editor at a width near seventy-two signs."
    text = "\n".join(["# Heading", "", *[line] * 4, "", *[line] * 4])
    first, second = split(Document(text), sizes=_SIZES)
    assert (first.line, first.last_line) == (1, 6)
    assert (second.line, second.last_line) == (8, 11)
    assert first.text.startswith("# Heading\n\nThis")


@pytest.mark.parametrize("how", ["auto", "lines", "recursive", "markdown", "code"])
def test_a_long_line_is_cut_at_the_end_of_a_sentence(how: Splitter) -> None:
    chunks = split(Document(_SENTENCE * 200), how, sizes=_SIZES)
    assert 3 < len(chunks) < 8
    assert all(chunk.text.endswith("。") and chunk.line == 1 for chunk in chunks)


@pytest.mark.parametrize(
    ("text", "chunks"),
    [
        ("他说：“可以。”然后走了。", ["他说：“可以。”", "然后走了。"]),
        ("『不对！』我说。（完。）好。", ["『不对！』我说。", "（完。）好。"]),
        ("真的吗？！当然……是的；对。", ["真的吗？！", "当然……是的；", "对。"]),
        ("Ask Dr. Wu. He knows.", ["Ask Dr.", "Wu.", "He knows."]),
        ("See a.b?c=1 now! Yes.", ["See", "a.b?c=1", "now! Yes."]),
    ],
)
def test_quotation_marks_and_brackets_stay_with_their_sentence(text: str, chunks: list[str]) -> None:
    assert [c.text for c in split(Document(text), "recursive", sizes=Sizes(tokens=9, count=len))] == chunks


def test_a_title_or_a_number_does_not_end_a_sentence() -> None:
    text = "Yesterday evening he asked me. Dr. Wu of the St. Mary clinic paid 3.5 dollars, e.g. for tea."
    chunks = split(Document(text), "recursive", sizes=Sizes(tokens=75, count=len))
    assert [chunk.text for chunk in chunks] == [text[:30], text[31:]]


def test_a_heading_stays_with_what_follows() -> None:
    body = "正文。" * 20
    text = f"{body}\n\n第一章\n第一节\n\n{body}\n{body}"
    headings = (Heading(text.index("第一章"), 1, "第一章"), Heading(text.index("第一节"), 2, "第一节"))
    chunks = split(Document(text, headings=headings), "recursive", sizes=Sizes(tokens=75, count=len))
    assert [chunk.text[:3] for chunk in chunks] == ["正文。", "第一章", "正文。"]
    assert [chunk.heading for chunk in chunks] == ["", "第一章", "第一章 > 第一节"]


def test_a_heading_counts_from_the_mark_before_it() -> None:
    text = "## 年假\n\n十五天。"
    (chunk,) = split(Document(text, headings=(Heading(3, 2, "年假"),)), "recursive", sizes=_SIZES)
    assert chunk.heading == "年假"


def test_a_record_is_one_chunk_where_it_fits() -> None:
    records = ["name: 皮鞋\n\nprice: 399\n", "name: 凉鞋\n\nnote: " + _SENTENCE * 100 + "\n", "name: 雨靴\n"]
    parts = (0, len(records[0]), len(records[0] + records[1]))
    chunks = split(Document("".join(records), form="records", parts=parts), sizes=_SIZES)
    assert chunks[0].text == records[0].strip()
    assert chunks[-1].text == records[2].strip()
    assert len(chunks) == 4


def test_records_that_are_not_told_apart_are_lines() -> None:
    chunks = split(Document("a 1\nb 2\n", form="records"), sizes=_SIZES)
    assert [chunk.text for chunk in chunks] == ["a 1", "b 2"]


def test_chunks_of_a_fixed_size_share_their_ends() -> None:
    text = " ".join(f"word{n}" for n in range(400))
    chunks = split(Document(text), "fixed", sizes=Sizes(tokens=100, count=len, overlap=20))
    shared = [before.end - after.start for before, after in pairwise(chunks)]
    assert all(0 < size <= 20 for size in shared)
    assert set(" ".join(chunk.text for chunk in chunks).split()) == set(text.split())


@pytest.mark.parametrize("how", ["auto", "lines", "fixed", "recursive", "markdown", "code", "parents"])
@pytest.mark.parametrize("text", ["", " ", "\n\n\t\n", "\u3000"])
def test_a_text_of_white_space_has_no_chunks(text: str, how: Splitter) -> None:
    assert split(Document(text), how, sizes=_SIZES) == []


@pytest.mark.parametrize("how", ["auto", "fixed", "code"])
@pytest.mark.parametrize("char", ["x", "长"])
def test_a_huge_line_is_cut_into_bounded_chunks(char: str, how: Splitter) -> None:
    chunks = split(Document(char * 300_000), how, sizes=_SIZES)
    assert sum(len(chunk.text) for chunk in chunks) == 300_000


def test_what_is_seen_as_one_character_is_not_cut() -> None:
    family = "👩‍👩‍👧‍👦"
    chunks = split(Document(family * 50 + "e\u0301" * 50), "recursive", sizes=Sizes(tokens=20, count=len))
    assert {chunk.text.replace(family, "").replace("e\u0301", "") for chunk in chunks} == {""}


def test_a_text_is_counted_about_once() -> None:
    counted: Counter[str] = Counter()

    def count(text: str) -> int:
        counted["chars"] += len(text)
        return len(text)

    text = (_SENTENCE * 9 + "\n\n") * 300
    split(Document(text), sizes=Sizes(tokens=256, count=count))
    assert counted["chars"] < 1.3 * len(text)
