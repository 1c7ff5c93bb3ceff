import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from click.testing import CliRunner

from tao_servers.knowledge.command.group import cli
from tao_servers.knowledge.index import Place
from tao_servers.knowledge.tools.cursors import cursor

Ask = Callable[..., Awaitable[tuple[bool, str, dict[str, Any]]]]
Shelve = Callable[..., list[str]]


async def test_documents_and_collections_are_described_in_both_forms(shelve: Shelve, ask: Ask) -> None:
    shelve({"价格表.txt": "凉鞋的价格是一百二十九元，皮鞋的价格是三百九十九元。\n"})
    (path,) = shelve(
        {"guide.md": "# Travel guide\n\nHow to get there, and back again.\n"}, collection="trips"
    )
    failed, text, shelf = await ask("list_sources")
    assert not failed
    assert [one["name"] for one in shelf["collections"]] == ["default", "trips"]
    assert shelf["collections"][0]["languages"] == {"zh": 1}
    assert shelf["collections"][1]["titles"] == ["Travel guide"]
    assert shelf["documents"][1] == {
        "id": "1@trips",
        "path": path,
        "title": "Travel guide",
        "language": "en",
        "chunks": 1,
        "collection": "trips",
    }
    assert "Collection 'trips' (1 document; en 1). Such as: Travel guide" in text
    assert f"[1@trips] {path} · Travel guide · en · 1 chunk · in 'trips'" in text


async def test_an_id_of_the_list_can_be_read(shelve: Shelve, ask: Ask) -> None:
    shelve({"guide.md": "# Guide\n\nHow to get there.\n"}, collection="旅行")
    _, _, shelf = await ask("list_sources")
    _, _, page = await ask("read_source", source=shelf["documents"][0]["id"])
    assert "How to get there." in page["text"]


async def test_many_documents_are_listed_page_by_page(shelve: Shelve, ask: Ask) -> None:
    paths = shelve({f"notes/{'长名' * 30}{n:03}.txt": f"{n}\n" for n in range(90)})
    seen, cursor = [], ""
    while True:
        _, text, shelf = await ask("list_sources", cursor=cursor)
        assert len(text) + len(json.dumps(shelf, ensure_ascii=False)) <= 8000
        assert shelf["total"] == 90
        seen += [one["path"] for one in shelf["documents"]]
        if not (cursor := shelf.get("next_cursor", "")):
            break
        assert cursor in text
    assert seen == sorted(paths)


async def test_a_page_goes_on_where_the_last_ended_though_a_document_came_in(
    shelve: Shelve, ask: Ask
) -> None:
    shelve({f"{n:03}{'长' * 70}.txt": f"{n}\n" for n in range(60)})
    _, _, first = await ask("list_sources")
    shelve({"000a.txt": "new\n"})
    _, _, second = await ask("list_sources", cursor=first["next_cursor"])
    assert second["documents"][0]["path"] > first["documents"][-1]["path"]
    assert not {one["path"] for one in second["documents"]} & {one["path"] for one in first["documents"]}


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("*.md", {"指南.md"}),
        ("指南", {"指南.md"}),
        ("PRICE", {"price.txt"}),
        ("travel", {"指南.md"}),
        ("[", set()),
        ("%", set()),
        ("\x00", set()),
    ],
)
async def test_a_pattern_is_a_glob_or_a_part_of_a_name_or_title(
    shelve: Shelve, ask: Ask, pattern: str, names: set[str]
) -> None:
    shelve({"指南.md": "# Travel\n\nGo.\n", "price.txt": "129\n"})
    failed, text, shelf = await ask("list_sources", pattern=pattern)
    assert not failed
    assert {one["path"].rsplit("/", 1)[-1] for one in shelf["documents"]} == names
    if not names:
        assert "No document matches." in text


async def test_a_cursor_of_another_pattern_is_refused(shelve: Shelve, ask: Ask) -> None:
    shelve({f"{n:03}.txt": f"{n}\n" for n in range(60)})
    _, _, shelf = await ask("list_sources")
    failed, text, _ = await ask("list_sources", pattern="*.txt", cursor=shelf["next_cursor"])
    assert failed
    assert "another list" in text


async def test_an_empty_store_has_no_documents_and_that_is_no_error(ask: Ask) -> None:
    failed, text, shelf = await ask("list_sources")
    assert not failed
    assert text == "There are no documents yet."
    assert shelf == {"collections": [], "documents": [], "total": 0}


async def test_many_collections_are_listed_within_what_hosts_pass_on(shelve: Shelve, ask: Ask) -> None:
    for n in range(12):
        shelve({f"{n}{'题' * 60}{m}.txt": "字\n" for m in range(5)}, collection=f"文档集{n}")
    _, text, shelf = await ask("list_sources")
    assert len(text) + len(json.dumps(shelf, ensure_ascii=False)) <= 8000
    assert len(shelf["collections"]) > 3


async def test_what_the_user_says_of_a_collection_is_shown(shelve: Shelve, ask: Ask, place: Place) -> None:
    shelve({"a.txt": "zebra\n"}, collection="动物")
    say = ["collections", "--store", str(place.store), "--describe"]
    done = CliRunner().invoke(cli, [*say, "动物", "斑马与\n狮子"])
    assert done.exit_code == 0
    _, text, shelf = await ask("list_sources")
    assert shelf["collections"][0]["description"] == "斑马与 狮子"
    assert "斑马与 狮子" in text
    assert CliRunner().invoke(cli, [*say, "nothing", "x"]).exit_code == 1


@pytest.mark.parametrize("options", [["--allow", "."], ["--writable", "--allow", "no-such-folder"]])
def test_a_folder_to_add_from_needs_to_be_there_and_the_leave_to_write(options: list[str]) -> None:
    done = CliRunner().invoke(cli, options)
    assert done.exit_code == 2
    assert "--allow" in done.output


async def test_a_name_with_the_signs_of_a_pattern_is_found_by_itself(shelve: Shelve, ask: Ask) -> None:
    (path, _) = shelve({"plan [final].txt": "a\n", "plan.txt": "b\n"})
    _, _, shelf = await ask("list_sources", pattern="plan [final].txt")
    assert [one["path"] for one in shelf["documents"]] == [path]


async def test_of_many_collections_those_that_are_not_described_are_named(shelve: Shelve, ask: Ask) -> None:
    for number in range(22):
        shelve({f"{number}.txt": "zebra\n"}, collection=f"c{number:02}")
    _, text, shelf = await ask("list_sources")
    told = [one["name"] for one in shelf["collections"]]
    assert all(f"c{number:02}" in told or f"c{number:02}" in shelf["note"] for number in range(22))
    assert shelf["note"] in text


async def test_a_page_behind_the_last_document_says_that_it_is_the_end(shelve: Shelve, ask: Ask) -> None:
    shelve({"a.txt": "zebra\n"})
    failed, text, shelf = await ask("list_sources", cursor=cursor("list\n\n", "gone", "z.txt"))
    assert not failed
    assert (shelf["documents"], shelf["total"]) == ([], 1)
    assert text == "No more documents: all 1 are on the pages before."
