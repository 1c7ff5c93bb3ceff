from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client

from tao.models.embeddings import Embedder
from tao_servers.knowledge.index import Place, open_writer
from tao_servers.knowledge.server import build_server
from tao_servers.knowledge.tools import Desk, Library

Ask = Callable[..., Awaitable[tuple[bool, str, dict[str, Any]]]]
Shelve = Callable[..., list[str]]


async def names(library: Library, desk: Desk | None) -> list[str]:
    async with Client(build_server(library, desk=desk)) as client:
        return [tool.name for tool in (await client.list_tools()).tools]


async def test_without_a_desk_nothing_can_be_changed(library: Library, desk: Desk) -> None:
    reading = ["search_knowledge", "read_source", "list_sources"]
    assert await names(library, None) == reading
    assert await names(library, Desk(desk.planned)) == [*reading, "add_text", "remove_source"]
    assert await names(library, desk) == [*reading, "add_text", "add_file", "remove_source"]


async def test_the_annotations_say_what_each_does(library: Library, desk: Desk) -> None:
    async with Client(build_server(library, desk=desk)) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    hints = {name: tool.annotations for name, tool in tools.items() if tool.annotations}
    assert {name for name, hint in hints.items() if hint.read_only_hint} == {
        "search_knowledge",
        "read_source",
        "list_sources",
    }
    assert {name for name, hint in hints.items() if hint.destructive_hint} == {"add_text", "remove_source"}
    assert [name for name, tool in tools.items() if not (tool.meta or {}).get("tao/secondary")] == [
        "search_knowledge"
    ]


async def test_a_text_that_was_added_is_found(ask: Ask, desk: Desk) -> None:
    failed, text, change = await ask(
        "add_text", desk=desk, title="退货 政策", text="七天内可退货。", tags={"year": "2024"}
    )
    assert not failed
    assert (change["result"], change["source"], change["collection"]) == ("read", "note:退货 政策", "default")
    assert "Added note:退货 政策" in text
    _, found, structure = await ask("search_knowledge", query="退货", where={"year": "2024"})
    assert "七天内可退货" in found
    assert structure["passages"][0]["heading"] == "退货 政策"
    _, _, page = await ask("read_source", source=change["uri"])
    assert page["title"] == "退货 政策"


async def test_the_same_title_again_replaces_the_text_and_says_so(ask: Ask, desk: Desk) -> None:
    await ask("add_text", desk=desk, title="政策", text="七天内可退货。")
    _, text, change = await ask("add_text", desk=desk, title="政策", text="七天内可退货。")
    assert change["result"] == "unchanged"
    _, text, change = await ask("add_text", desk=desk, title="政策", text="十五天内可退货。")
    assert change["result"] == "changed"
    assert "Replaced" in text
    _, _, structure = await ask("search_knowledge", query="退货")
    assert [passage["text"] for passage in structure["passages"]] == ["# 政策\n\n十五天内可退货。"]


async def test_a_text_can_go_into_a_collection_of_its_own(ask: Ask, desk: Desk) -> None:
    _, _, change = await ask("add_text", desk=desk, title="a", text="zebra", collection="笔记")
    assert change["collection"] == "笔记"
    _, text, _ = await ask("search_knowledge", query="zebra", collection="笔记")
    assert "zebra" in text


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": " ", "text": "a"},
        {"title": "x" * 1000, "text": "a"},
        {"title": "\x00", "text": "a"},
        {"title": "a", "text": " \n"},
        {"title": "a", "text": "x" * 600_000},
        {"title": "a", "text": "a", "tags": {"": "x"}},
        {"title": "a", "text": "a", "collection": "a\nb"},
    ],
)
async def test_a_text_that_will_not_do_is_refused_and_nothing_is_made(
    ask: Ask, desk: Desk, place: Place, wrong: dict[str, object]
) -> None:
    failed, text, _ = await ask("add_text", desk=desk, **wrong)
    assert failed
    assert len(text) < 1000
    assert not place.catalogue.exists()


async def test_a_title_with_slashes_is_still_one_name(ask: Ask, desk: Desk) -> None:
    _, _, change = await ask("add_text", desk=desk, title="../../etc/passwd", text="zebra")
    assert change["source"] == "note:..／..／etc／passwd"


async def test_half_a_character_in_a_text_is_no_trouble(ask: Ask, desk: Desk) -> None:
    failed, _, _ = await ask("add_text", desk=desk, title="a", text="zebra \ud83d!")
    assert not failed


async def test_a_file_of_an_allowed_folder_is_taken_in_with_progress(
    library: Library, desk: Desk, tmp_path: Path
) -> None:
    path = tmp_path / "inbox" / "价格表.txt"
    path.write_text("凉鞋: 129元\n", encoding="utf-8")
    heard: list[tuple[float, str | None]] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        heard.append((progress, message))

    async with Client(build_server(library, desk=desk)) as client:
        reply = await client.call_tool("add_file", {"path": str(path)}, progress_callback=hear)
    assert not reply.is_error
    assert (reply.structured_content or {})["source"] == str(path)
    assert [message for _, message in heard] == ["reading 价格表.txt", "embedded 1 more chunk", "read"]
    assert [progress for progress, _ in heard] == [1.0, 2.0, 3.0]


async def test_a_path_may_be_relative_to_an_allowed_folder(ask: Ask, desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "inbox" / "a.txt").write_text("zebra\n", encoding="utf-8")
    _, _, change = await ask("add_file", desk=desk, path="a.txt")
    assert change["source"] == str(tmp_path / "inbox" / "a.txt")


@pytest.mark.parametrize(
    "path",
    ["../secret.txt", "link.txt", "folder", ".hidden.txt", "nothing.txt", "", "\x00", "/etc/passwd", "~"],
)
async def test_no_other_file_is_taken_in(
    ask: Ask, desk: Desk, place: Place, tmp_path: Path, path: str
) -> None:
    (tmp_path / "secret.txt").write_text("secret\n", encoding="utf-8")
    (tmp_path / "inbox" / "link.txt").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "inbox" / ".hidden.txt").write_text("secret\n", encoding="utf-8")
    (tmp_path / "inbox" / "folder").mkdir()
    failed, text, _ = await ask("add_file", desk=desk, path=path)
    assert failed
    assert "secret\n" not in text
    assert not place.catalogue.exists()


async def test_a_file_that_cannot_be_read_is_refused_with_the_reason(
    ask: Ask, desk: Desk, tmp_path: Path
) -> None:
    (tmp_path / "inbox" / "a.txt").write_bytes(bytes(range(256)) * 100)
    failed, text, _ = await ask("add_file", desk=desk, path="a.txt")
    assert failed
    assert "was not taken in" in text


async def test_a_document_that_was_removed_is_found_no_more_and_its_file_stays(
    shelve: Shelve, ask: Ask, desk: Desk
) -> None:
    gone, _ = shelve({"a.txt": "zebra one\n", "b.txt": "lion two\n"})
    _, text, change = await ask("remove_source", desk=desk, source="a.txt")
    assert (change["result"], change["source"], change["chunks"]) == ("removed", gone, 1)
    assert gone in text
    _, _, shelf = await ask("list_sources")
    assert [one["path"].rsplit("/", 1)[-1] for one in shelf["documents"]] == ["b.txt"]
    assert await anyio.Path(gone).exists()
    failed, text, _ = await ask("remove_source", desk=desk, source="a.txt")
    assert failed
    assert "There is no document 'a.txt'" in text


async def test_while_another_writes_it_is_said_that_it_is_busy(
    shelve: Shelve, ask: Ask, desk: Desk, place: Place, embedder: Embedder
) -> None:
    shelve({"a.txt": "zebra\n"})
    with open_writer(place, embedder):
        failed, text, _ = await ask("add_text", desk=desk, title="b", text="lion")
    assert failed
    assert "Another process is writing" in text


async def test_of_two_collections_with_one_path_the_right_one_has_to_be_named_for_removing(
    shelve: Shelve, ask: Ask, desk: Desk
) -> None:
    shelve({"a.txt": "zebra\n"})
    shelve({"a.txt": "zebra\n"}, "旅行")
    failed, text, _ = await ask("remove_source", desk=desk, source="a.txt")
    assert failed
    assert "'a.txt' is in several collections: default, 旅行." in text
    _, text, change = await ask("remove_source", desk=desk, source="a.txt", collection="旅行")
    assert change["collection"] == "旅行"
    _, _, shelf = await ask("list_sources")
    assert [one["collection"] for one in shelf["documents"]] == ["default"]


async def test_what_only_resembles_a_name_removes_nothing(shelve: Shelve, ask: Ask, desk: Desk) -> None:
    shelve({"Plan.md": "# Budget\n\nzebra\n"})
    for nearly in ("plan", "plan.md", "budget"):
        failed, text, _ = await ask("remove_source", desk=desk, source=nearly)
        assert failed
        assert f"There is no document {nearly!r}" in text


@pytest.mark.parametrize("name", ["预算\u3000终稿.txt", "a\u00a0b.txt", "~a.txt"])
async def test_a_file_name_may_have_any_space(ask: Ask, desk: Desk, tmp_path: Path, name: str) -> None:
    (tmp_path / "inbox" / name).write_text("zebra\n", encoding="utf-8")
    _, _, change = await ask("add_file", desk=desk, path=name)
    assert change["source"] == str(tmp_path / "inbox" / name)


async def test_an_allowed_folder_may_be_hidden_in_another_one(ask: Ask, desk: Desk, tmp_path: Path) -> None:
    inner = tmp_path / "inbox" / ".notes"
    inner.mkdir()
    (inner / "a.txt").write_text("zebra\n", encoding="utf-8")
    both = replace(desk, roots=(tmp_path / "inbox", inner))
    _, _, change = await ask("add_file", desk=both, path=str(inner / "a.txt"))
    assert change["result"] == "read"


async def test_what_starts_the_upgrade_hears_of_new_text_alone(
    ask: Ask, desk: Desk, place: Place, embedder: Embedder
) -> None:
    heard: list[str] = []

    def added(where: Place) -> None:
        # An upgrade wants to write, too.
        with open_writer(where, embedder):
            heard.append(where.name)

    told = replace(desk, added=added)
    for text in ("zebra", "zebra", "lion"):
        await ask("add_text", desk=told, title="a", text=text, collection="笔记")
    await ask("remove_source", desk=told, source="note:a")
    assert heard == ["笔记", "笔记"]
