import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tao_servers.knowledge.tools import Library
from tao_servers.knowledge.tools.searching import clean_query

Ask = Callable[..., Awaitable[tuple[bool, str, dict[str, Any]]]]
Shelve = Callable[..., list[str]]


@pytest.fixture
def two(shelve: Shelve) -> None:
    shelve({"价格表.txt": "凉鞋: 129元\n皮鞋: 399元\n"}, tags={"year": ["2024"]})
    shelve({"laptops.txt": "ThinkPad: 1,299 dollars\nMacBook: 1,999 dollars\n"}, collection="商店 b")


async def test_a_passage_can_be_found_again_by_its_address(two: None, ask: Ask) -> None:
    _, _, structure = await ask("search_knowledge", query="皮鞋", top_k=1)
    (passage,) = structure["passages"]
    assert passage["text"] == "皮鞋: 399元"
    assert passage["uri"].endswith(f"#char={passage['start']},{passage['end']}")
    _, _, page = await ask("read_source", source=passage["uri"])
    assert passage["text"] in page["text"]
    assert page["path"] == passage["path"]


async def test_explain_shows_what_each_stage_gave_in_both_forms(two: None, ask: Ask) -> None:
    _, text, structure = await ask("search_knowledge", query="凉鞋", top_k=1, explain=True)
    steps = structure["passages"][0]["steps"]
    assert {"dense", "keyword"} <= set(steps)
    assert all(f"; {stage} " in text for stage in steps)
    _, text, structure = await ask("search_knowledge", query="凉鞋", top_k=1)
    assert "steps" not in structure["passages"][0]
    assert "; dense" not in text


async def test_a_collection_is_searched_by_its_name(two: None, ask: Ask) -> None:
    failed, text, structure = await ask("search_knowledge", query="MacBook", collection="商店 b", top_k=1)
    assert not failed
    assert "1,999 dollars" in text
    assert structure["passages"][0]["uri"].startswith("knowledge://source/1@%E5%95%86%E5%BA%97%20b#")
    assert "note" not in structure


async def test_an_unknown_collection_is_answered_with_those_there_are(two: None, ask: Ask) -> None:
    failed, text, _ = await ask("search_knowledge", query="MacBook", collection="shop")
    assert failed
    assert "'shop'" in text
    assert "default, 商店 b" in text


async def test_without_a_name_it_is_said_what_was_not_searched(two: None, ask: Ask) -> None:
    _, text, structure = await ask("search_knowledge", query="凉鞋")
    assert "商店 b" in structure["note"]
    assert structure["note"] in text


async def test_the_only_collection_needs_no_name(shelve: Shelve, ask: Ask) -> None:
    shelve({"a.txt": "zebra crossing\n"}, collection="notes")
    failed, text, structure = await ask("search_knowledge", query="zebra")
    assert not failed
    assert text == "[1] zebra crossing (a.txt:1)"
    assert structure["passages"][0]["uri"].startswith("knowledge://source/1@notes#")


async def test_of_several_one_must_be_chosen_where_the_default_is_not_there(shelve: Shelve, ask: Ask) -> None:
    shelve({"a.txt": "zebra\n"}, collection="notes")
    shelve({"b.txt": "lion\n"}, collection="财务")
    failed, text, _ = await ask("search_knowledge", query="zebra")
    assert failed
    assert "notes, 财务" in text


async def test_conditions_limit_the_documents(shelve: Shelve, ask: Ask) -> None:
    shelve({"old.txt": "凉鞋: 99元\n"}, tags={"year": ["2023"]})
    shelve({"new.txt": "凉鞋: 129元\n"}, tags={"year": ["2024"]})
    _, _, structure = await ask("search_knowledge", query="凉鞋", where={"year": "2023"})
    assert [passage["source"] for passage in structure["passages"]] == ["old.txt"]


async def test_where_no_document_satisfies_the_conditions_it_is_said_what_there_is(
    two: None, ask: Ask
) -> None:
    failed, text, structure = await ask("search_knowledge", query="凉鞋", where={"year": "1999"})
    assert not failed
    assert structure["passages"] == []
    assert "year (2024)" in text
    assert text == structure["note"]


async def test_a_condition_that_cannot_be_meant_is_refused_with_an_example(two: None, ask: Ask) -> None:
    failed, text, _ = await ask("search_knowledge", query="凉鞋", where={"year": {"near": 1}})
    assert failed
    assert "range" in text


@pytest.mark.parametrize(
    ("query", "where", "said"),
    [
        ("火星天气", None, "资料里没有与问题相关的内容（共 2 份文档）"),
        ("weather on Mars", None, "Nothing relevant was found in 2 documents."),
        ("火星天气", {"year": "2024"}, "满足 where 的 1 份文档（共 2 份）里没有"),
        ("weather on Mars", {"year": 2024}, "in the 1 document that satisfy `where`, of 2 documents"),
    ],
)
async def test_where_nothing_is_relevant_that_is_the_result_in_the_questions_language(
    shelve: Shelve, ask: Ask, silent: Library, query: str, where: dict[str, object] | None, said: str
) -> None:
    shelve({"old.txt": "sandals: 129\n"})
    shelve({"new.txt": "boots: 399\n"}, tags={"year": ["2024"]})
    failed, text, structure = await ask("search_knowledge", over=silent, query=query, where=where or {})
    assert not failed
    assert structure["passages"] == []
    assert said in text
    assert text == structure["note"]


async def test_null_is_as_good_as_leaving_an_option_out(two: None, ask: Ask) -> None:
    nothing = dict.fromkeys(("collection", "where", "explain"))
    assert await ask("search_knowledge", query="凉鞋", **nothing) == await ask(
        "search_knowledge", query="凉鞋"
    )


async def test_a_huge_query_is_cut_and_that_is_said(two: None, ask: Ask) -> None:
    failed, text, structure = await ask("search_knowledge", query="凉鞋 " + "多少钱" * 100_000)
    assert not failed
    assert "2000 characters" in structure["note"]
    assert "2000 characters" in text


async def test_a_result_with_everything_stays_within_what_hosts_pass_on(shelve: Shelve, ask: Ask) -> None:
    shelve({f"手册/{'长' * 60}{n}.md": f"# 退货 {n}\n\n" + f'“退货\\"{n}”' * 80 for n in range(25)})
    _, text, structure = await ask("search_knowledge", query="退货", top_k=20, explain=True)
    assert len(text) + len(json.dumps(structure, ensure_ascii=False)) <= 8000
    assert len(structure["passages"]) >= 5
    assert structure["note"] in text


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_a_cleaned_query_is_one_line_and_cleaning_it_again_changes_nothing(query: str) -> None:
    cleaned = clean_query(query)
    assert "\n" not in cleaned
    assert "\x00" not in cleaned
    assert clean_query(cleaned) == cleaned
