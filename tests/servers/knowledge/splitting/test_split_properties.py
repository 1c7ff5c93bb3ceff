"""What holds for every splitter and every text."""

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tao_servers.knowledge.document import Document, Form, Heading, Table
from tao_servers.knowledge.splitting import Sizes, Splitter, split

_PIECES = (
    "公司年假规定：员工每年享有十五天带薪年假，病假另算；",
    "他说：“可以。”然后走了。真的吗？！",
    "『不对！』……",
    "Dr. Smith bought 3.5 kg (see p. 7). Did he? Yes!",
    "It goes on, and on",
    "长" * 70,
    "x" * 90,
    "👩‍👩‍👧‍👦🇨🇳👍🏽",
    "e\u0301o\u0302\u0323",
    " ",
    "\n",
    "\n\n",
    "\n \t\n",
    "\t",
    "\u3000",
    "\x0c",
    "\u2028",
    "\n# 标题 Heading\n",
    "\n## Second\n",
    "\n- item\n1. first\n",
    "\n| 品名 | 价格 |\n|---|---|\n| 皮鞋 | 399元 |\n| 凉鞋 | 129元 |\n",
    "\n皮鞋: 399元\n",
    "\n```python\ndef f(x):\n    return x\n\n\n# why\ndef g():\n    pass\n```\n",
    "\n~~~\n",
    "\nclass A:\n    def f(self):\n        return {\n            1: 2,\n        }\n",
    "。",
    ".",
    "|",
    "]",
    "—" * 9,
)


def _words(text: str) -> int:
    return len(re.findall(r"[a-zA-Z]+|\S", text))


def _bytes(text: str) -> int:
    return len(text.encode())


def _embed(texts: Sequence[str]) -> NDArray[Any]:
    return np.array([[text.count("年"), text.count("e"), len(text) % 7] for text in texts])


@st.composite
def _documents(draw: st.DrawFn) -> Document:
    pieces = st.one_of(st.sampled_from(_PIECES), st.text(max_size=9))
    text = "".join(draw(st.lists(pieces, max_size=25))).replace("\r", "\n")
    places = st.lists(st.integers(0, len(text)), max_size=5, unique=True).map(sorted)
    lines = [0, *(match.end() for match in re.finditer("\n", text)), len(text)]
    rows = sorted(draw(st.lists(st.sampled_from(lines), max_size=4, unique=True)))
    tables = [
        Table(start, end, draw(st.sampled_from([text[start:end].split("\n")[0].strip(), "a,b", ""])))
        for start, end in zip(rows[::2], rows[1::2], strict=False)
    ]
    heads = sorted(draw(st.lists(st.sampled_from(lines[:-1]), max_size=4, unique=True)))
    return Document(
        text,
        form=draw(st.sampled_from(get_args(Form))),
        headings=tuple(Heading(start, draw(st.integers(1, 3)), f"H{start}") for start in heads),
        tables=tuple(tables),
        pages=tuple(draw(places)),
        parts=tuple(draw(places)),
    )


@st.composite
def _sizes(draw: st.DrawFn) -> Sizes:
    count: Callable[[str], int] = draw(st.sampled_from([len, _words, _bytes]))
    tokens = draw(st.integers(1, 80))
    overlap = draw(st.integers(0, tokens - 1))
    return Sizes(tokens=tokens, count=count, overlap=overlap, parent_tokens=tokens * 2)


@pytest.mark.parametrize("how", get_args(Splitter))
@settings(max_examples=100, deadline=None)
@given(document=_documents(), sizes=_sizes())
def test_nothing_is_lost_and_every_chunk_is_where_it_says(
    how: Splitter, document: Document, sizes: Sizes
) -> None:
    text, chunks = document.text, split(document, how, sizes=sizes, embed=_embed)
    held = set().union(*(range(chunk.start, chunk.end) for chunk in chunks))
    assert all(char.isspace() for place, char in enumerate(text) if place not in held)
    assert [chunk.start for chunk in chunks] == sorted({chunk.start for chunk in chunks})
    for chunk in chunks:
        assert chunk.text == text[chunk.start : chunk.end] == chunk.text.strip() != ""
        assert sizes.count(chunk.text) <= sizes.tokens or len(chunk.text) == 1
        assert not any(chunk.start < part < chunk.end for part in document.parts)
        assert chunk.line == text.count("\n", 0, chunk.start) + 1
        assert chunk.last_line == text.count("\n", 0, chunk.end) + 1
        assert chunk.page == (sum(page <= chunk.start for page in document.pages) or None)


@pytest.mark.parametrize("how", sorted({*get_args(Splitter)} - {"fixed"}))
@settings(max_examples=25, deadline=None)
@given(document=_documents(), sizes=_sizes())
def test_only_chunks_of_a_fixed_size_overlap(how: Splitter, document: Document, sizes: Sizes) -> None:
    chunks = split(document, how, sizes=sizes, embed=_embed)
    assert all(before.end <= after.start for before, after in pairwise(chunks))


@settings(max_examples=100, deadline=None)
@given(document=_documents(), sizes=_sizes())
def test_a_row_is_always_read_by_its_header(document: Document, sizes: Sizes) -> None:
    # In Markdown tables are looked for where none are named.
    document = replace(document, form="text")
    starts = [table.start for table in document.tables]
    for chunk in split(document, "lines", sizes=sizes):
        table = bisect_right(starts, chunk.start) - 1
        if table < 0 or chunk.start >= document.tables[table].end:
            assert chunk.context == ""
        elif document.tables[table].header not in chunk.context:
            # Only the header itself is read without it.
            assert chunk.text in document.tables[table].header


@settings(max_examples=100, deadline=None)
@given(document=_documents(), sizes=_sizes())
def test_every_small_chunk_lies_in_its_parent(document: Document, sizes: Sizes) -> None:
    for chunk in split(document, "parents", sizes=sizes):
        assert chunk.parent is not None
        start, end = chunk.parent
        assert start <= chunk.start < chunk.end <= end
        assert sizes.count(document.text[start:end]) <= sizes.tokens * 2 or end - start == 1
        assert sizes.count(chunk.text) <= max(1, sizes.tokens // 4) or len(chunk.text) == 1
