import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tao_servers.knowledge.tools.cursors import cursor, place_in
from tao_servers.knowledge.tools.looking import Piece
from tao_servers.knowledge.tools.reading import extent

Ask = Callable[..., Awaitable[tuple[bool, str, dict[str, Any]]]]
Shelve = Callable[..., list[str]]

LONG = "# 手册\n\n" + "\n\n".join(
    f"第{n}条：“退货\\{n}”须在{n}天内提出。" + "说明文字。" * 20 for n in range(120)
)


async def test_a_short_document_is_read_whole(shelve: Shelve, ask: Ask) -> None:
    (path,) = shelve({"价格表.txt": "凉鞋: 129元\n皮鞋: 399元\n"})
    failed, text, page = await ask("read_source", source="价格表.txt")
    assert not failed
    assert page["text"] == "凉鞋: 129元\n皮鞋: 399元"
    assert page["text"] in text
    assert (page["path"], page["line"], page["start"]) == (path, 1, 0)
    assert "next_cursor" not in page


async def test_a_long_document_is_read_page_by_page_without_gap_or_repetition(
    shelve: Shelve, ask: Ask
) -> None:
    shelve({"手册.md": LONG})
    read, cursor, pages = "", "", 0
    while True:
        _, text, page = await ask("read_source", source="手册", cursor=cursor)
        assert len(text) + len(json.dumps(page, ensure_ascii=False)) <= 8000
        assert page["text"] in text
        read, pages = read + page["text"], pages + 1
        if not (cursor := page.get("next_cursor", "")):
            break
        assert cursor in text
    assert pages > 3
    assert "".join(read.split()) == "".join(LONG.split())


async def test_a_page_says_the_line_and_the_heading_it_begins_with(shelve: Shelve, ask: Ask) -> None:
    shelve({"手册.md": LONG})
    _, _, first = await ask("read_source", source="手册.md")
    _, text, second = await ask("read_source", source="手册.md", cursor=first["next_cursor"])
    lines = LONG.split("\n")
    assert second["text"].split("\n")[0] in lines[second["line"] - 1]
    assert second["heading"] == "手册"
    assert f"from line {second['line']}" in text


@pytest.mark.parametrize(
    "name",
    ["价格表.txt", "价格表", "价格表.TXT", "a/价格表.txt", " 1 ", "knowledge://source/1", "价格表.txt:2"],
)
async def test_a_document_is_found_by_what_a_model_may_call_it(shelve: Shelve, ask: Ask, name: str) -> None:
    (path,) = shelve({"a/价格表.txt": "凉鞋: 129元\n皮鞋: 399元\n"})
    _, _, page = await ask("read_source", source=name)
    assert page["path"] == path


async def test_a_name_that_several_documents_have_is_answered_with_their_paths(
    shelve: Shelve, ask: Ask
) -> None:
    paths = shelve({"a/表.txt": "一\n", "b/表.txt": "二\n"})
    failed, text, _ = await ask("read_source", source="表.txt")
    assert failed
    assert all(path in text for path in paths)
    _, _, page = await ask("read_source", source=paths[1])
    assert page["text"] == "二"


async def test_a_name_that_is_not_there_is_answered_with_the_nearest(shelve: Shelve, ask: Ask) -> None:
    (path,) = shelve({"quarterly-report.txt": "revenue\n"})
    failed, text, _ = await ask("read_source", source="quartely_report.pdf")
    assert failed
    assert f"Did you mean: {path}?" in text


@pytest.mark.parametrize(
    "name", ["", " ", "x" * 100_000, "\x00", "knowledge://source/99", "99@nowhere", ":1"]
)
async def test_what_names_nothing_is_refused(shelve: Shelve, ask: Ask, name: str) -> None:
    shelve({"a.txt": "a\n"})
    failed, text, _ = await ask("read_source", source=name)
    assert failed
    assert len(text) < 1000


async def test_reading_around_a_passage_begins_a_little_before_it(shelve: Shelve, ask: Ask) -> None:
    shelve({"手册.md": LONG})
    at = LONG.index("第60条")
    _, _, page = await ask("read_source", source=f"knowledge://source/1#char={at},{at + 10}")
    assert at - 600 < page["start"] <= at
    assert "第60条" in page["text"]
    line = LONG[:at].count("\n") + 1
    _, _, same = await ask("read_source", source=f"手册.md:{line}")
    assert "第60条" in same["text"]


async def test_a_cursor_of_a_document_that_has_changed_says_so(shelve: Shelve, ask: Ask) -> None:
    (path,) = shelve({"手册.md": LONG})
    _, _, page = await ask("read_source", source=path)
    shelve({"手册.md": f"{LONG}更新。"})
    failed, text, _ = await ask("read_source", source=path, cursor=page["next_cursor"])
    assert failed
    assert "has changed" in text


@pytest.mark.parametrize("cursor", ["x", "x" * 10_000, "bnVsbA", "W10", "中文", "WyJhIiwgMV0="])
async def test_what_is_no_cursor_is_refused(shelve: Shelve, ask: Ask, cursor: str) -> None:
    shelve({"手册.md": LONG})
    failed, text, _ = await ask("read_source", source="手册.md", cursor=cursor)
    assert failed
    assert "cursor" in text


async def test_a_cursor_of_another_document_is_refused(shelve: Shelve, ask: Ask) -> None:
    shelve({"手册.md": LONG, "b.md": LONG})
    _, _, page = await ask("read_source", source="b.md")
    failed, text, _ = await ask("read_source", source="手册.md", cursor=page["next_cursor"])
    assert failed
    assert "another" in text


async def test_many_short_lines_are_read_to_their_end(shelve: Shelve, ask: Ask, tmp_path: Path) -> None:
    shelve({"lines.txt": "\n".join(f"{n}: {n}元" for n in range(1200))})
    seen, cursor = 0, ""
    while True:
        _, _, page = await ask("read_source", source="lines.txt", cursor=cursor)
        seen += len(page["text"].split("\n"))
        if not (cursor := page.get("next_cursor", "")):
            break
    assert seen == 1200


PIECES = st.lists(st.text("ab。\n ", min_size=1, max_size=60), min_size=1, max_size=20)


@settings(max_examples=100, deadline=None)
@given(PIECES, st.integers(1, 100))
def test_the_parts_of_a_document_join_without_gap(texts: list[str], most: int) -> None:
    pieces, start = [], 0
    for text in texts:
        pieces.append(Piece(start, start + len(text), 1, None, "", text))
        start += len(text) + 1
    at, parts = 0, []
    while rest := [piece for piece in pieces if piece.end > at]:
        part = extent(rest, at, most)
        assert part.end > part.start >= at
        parts.append((part.start, part.end))
        at = part.end
    covered = {place for begin, end in parts for place in range(begin, end)}
    assert all(place in covered for piece in pieces for place in range(piece.start, piece.end))


@pytest.mark.parametrize("name", ["icon@2x.txt", "16@2x.txt", "~$plan.txt", "~nobody", "100%.txt", "c#1.txt"])
async def test_a_document_is_found_by_an_odd_name(shelve: Shelve, ask: Ask, name: str) -> None:
    (path,) = shelve({name: "zebra\n"})
    for wanted in (name, f"{name}:1", path):
        _, text, page = await ask("read_source", source=wanted)
        assert page.get("path") == path, text


async def test_a_made_up_cursor_with_a_huge_number_is_answered_like_any_other(
    shelve: Shelve, ask: Ask
) -> None:
    (path,) = shelve({"a.txt": "zebra " * 2000})
    _, _, page = await ask("read_source", source="a.txt")
    digest, _ = place_in(page["next_cursor"], path, str, int)
    failed, text, _ = await ask("read_source", source="a.txt", cursor=cursor(path, digest, 10**30))
    assert failed
    assert "has no text behind character" in text
