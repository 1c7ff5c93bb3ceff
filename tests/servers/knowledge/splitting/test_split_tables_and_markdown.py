"""Blocks that stay whole, and rows that keep their header."""

import pytest

from tao_servers.knowledge.document import Document, Heading, Table
from tao_servers.knowledge.splitting import Sizes, Splitter, split

_HEADER = "| 品名 | 价格 |"
_ROWS = [f"| 皮鞋{n}号 | {n}元 |" for n in range(60)]
_TABLE = "\n".join([_HEADER, "|---|---|", *_ROWS])
_PROSE = "这是一段说明文字，介绍下面的内容。" * 3


def _prose_with_table() -> Document:
    text = f"{_PROSE}\n\n{_TABLE}\n\n{_PROSE}"
    start = text.index(_HEADER)
    return Document(text, tables=(Table(start, start + len(_TABLE), _HEADER),))


@pytest.mark.parametrize("how", ["recursive", "markdown", "parents", "auto"])
def test_rows_of_a_cut_table_are_whole_and_carry_the_header(how: Splitter) -> None:
    chunks = split(_prose_with_table(), how, sizes=Sizes(tokens=200, count=len))
    later = [chunk for chunk in chunks if chunk.text.startswith("| 皮鞋")]
    assert len(later) > 3
    assert {chunk.context for chunk in later} == {_HEADER}
    for chunk in later:
        assert set(chunk.text.split("\n")) <= {*_ROWS, "", _PROSE}
        assert len(chunk.text) + len(chunk.context) <= 200


def test_the_header_counts_for_the_size_of_its_rows() -> None:
    header = ",".join(f"column{n}" for n in range(10))
    text = header + "\n" + "\n".join("一二三四五，" * 10 for _ in range(5))
    chunks = split(
        Document(text, form="table", tables=(Table(0, len(text), header),)),
        sizes=Sizes(tokens=100, count=len),
    )
    assert all(len(chunk.text) <= max(100 - len(header), 50) for chunk in chunks if chunk.context)


def test_a_table_keeps_its_rows_apart_however_wide() -> None:
    text = "name,price\n" + "\n".join(f"{'x' * 100}{n},{n}" for n in range(5))
    document = Document(text, form="table", tables=(Table(0, len(text), "name,price"),))
    header, *rows = split(document, sizes=Sizes(tokens=256, count=len))
    assert (header.text, header.context) == ("name,price", "")
    assert [row.context for row in rows] == ["name,price"] * 5


def test_a_header_that_the_text_does_not_have_is_the_context_of_every_row() -> None:
    document = Document("皮鞋,399\n凉鞋,129", form="table", tables=(Table(0, 13, "品名,价格"),))
    chunks = split(document, sizes=Sizes(tokens=64, count=len))
    assert [chunk.context for chunk in chunks] == ["品名,价格"] * 2


def test_a_section_that_fits_is_one_chunk() -> None:
    sections = [f"## 第{n}节\n\n{_PROSE}\n\n{_PROSE}" for n in range(3)]
    text = "# 总则\n\n" + "\n\n".join(sections)
    chunks = split(Document(text, form="markdown"), sizes=Sizes(tokens=200, count=len))
    assert [chunk.text for chunk in chunks] == ["# 总则\n\n" + sections[0], *sections[1:]]
    assert [chunk.heading for chunk in chunks] == ["总则", "总则 > 第1节", "总则 > 第2节"]


def test_fenced_code_stays_whole_and_has_no_headings() -> None:
    fence = "```sh\n# comment\nmake\n\n# another\nmake test\n```"
    text = f"# 用法\n\n{_PROSE}\n\n{fence}\n\n{_PROSE}"
    chunks = split(Document(text, form="markdown"), sizes=Sizes(tokens=100, count=len))
    assert sum(fence in chunk.text for chunk in chunks) == 1
    assert {chunk.heading for chunk in chunks} == {"用法"}


def test_a_fence_with_a_language_closes_none() -> None:
    text = f"```\n# a\n```python\n# b\n```\n\n# 标题\n\n{_PROSE}"
    chunks = split(Document(text, form="markdown"), "markdown", sizes=Sizes(tokens=60, count=len))
    assert [chunk.heading for chunk in chunks][:2] == ["", "标题"]


def test_a_fence_that_is_never_closed_loses_nothing() -> None:
    text = "# A\n\n```\n" + "x = 1\n" * 100
    chunks = split(Document(text, form="markdown"), "markdown", sizes=Sizes(tokens=50, count=len))
    assert "".join("".join(chunk.text for chunk in chunks).split()) == "".join(text.split())
    assert all(line in {"# A", "", "```", "x = 1"} for chunk in chunks for line in chunk.text.split("\n"))


def test_tables_of_markdown_are_found_where_none_are_named() -> None:
    chunks = split(Document(f"# 价格\n\n{_TABLE}"), "markdown", sizes=Sizes(tokens=120, count=len))
    assert {chunk.context for chunk in chunks[1:]} == {_HEADER}
    assert {chunk.heading for chunk in chunks} == {"价格"}


def test_headings_that_are_named_are_not_looked_for() -> None:
    document = Document("# 不是标题\n正文", form="markdown", headings=(Heading(7, 1, "标题"),))
    (chunk,) = split(document, "markdown", sizes=Sizes(tokens=120, count=len))
    assert chunk.heading == ""
