"""Collections with a few documents, and calls of the tools over them in memory."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp.types import TextContent

from tao.models.embeddings import Embedder
from tao_servers.knowledge.index import Place, open_writer
from tao_servers.knowledge.ingesting.intake import Plan
from tao_servers.knowledge.ingesting.origin import Origin
from tao_servers.knowledge.ingesting.pipeline import Method, Watcher, ingest
from tao_servers.knowledge.retrieving import Match, Searcher
from tao_servers.knowledge.server import build_server
from tao_servers.knowledge.splitting import Sizes
from tao_servers.knowledge.tools import Desk, Library

Reply = tuple[bool, str, dict[str, Any]]
"""Whether it is an error, the text, and the structure."""


@pytest.fixture
def shelve(tmp_path: Path, place: Place, embedder: Embedder) -> Callable[..., list[str]]:
    """Write texts to files and ingest them into a collection; returns their paths."""

    def run(
        files: Mapping[str, str], collection: str = "default", tags: Mapping[str, Sequence[str]] | None = None
    ) -> list[str]:
        paths = []
        for name, text in files.items():
            path = tmp_path / "documents" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            paths.append(path)
        method = Method(Sizes(tokens=200, count=embedder.count_tokens), workers=0)
        with open_writer(replace(place, name=collection), embedder) as writer:
            ingest([Origin.of_file(path, tags) for path in paths], writer, method, watcher=Watcher())
        return list(map(str, paths))

    return run


class _Silent(Searcher):
    """Finds nothing relevant in whatever there is."""

    def search(self, query: str, top_k: int = 5, **_: object) -> list[Match]:
        return []


@pytest.fixture
def silent(place: Place, embedder: Embedder) -> Iterator[Library]:
    """The collections of the store, in which nothing is ever relevant."""
    with Library(place, lambda one: _Silent(one, embedder)) as library:
        yield library


@pytest.fixture
def library(place: Place, embedder: Embedder) -> Iterator[Library]:
    """The collections of the store, searched by their words and by their pairs of characters."""
    with Library(place, lambda one: Searcher(one, embedder)) as library:
        yield library


@pytest.fixture
def desk(place: Place, embedder: Embedder, tmp_path: Path) -> Desk:
    """Takes in what lies in the folder `inbox`."""
    (tmp_path / "inbox").mkdir()

    @contextmanager
    def planned(collection: str, tags: Mapping[str, Sequence[str]]) -> Iterator[Plan]:
        method = Method(Sizes(tokens=200, count=embedder.count_tokens), workers=0)
        yield Plan(replace(place, name=collection), embedder, method, attributes=tags, wait=0.2)

    return Desk(planned, (tmp_path / "inbox",))


@pytest.fixture
def ask(library: Library) -> Callable[..., Awaitable[Reply]]:
    """Call a tool of a server over the collections."""

    async def call(
        tool: str, *, desk: Desk | None = None, over: Library = library, **arguments: object
    ) -> Reply:
        async with Client(build_server(over, desk=desk)) as client:
            reply = await client.call_tool(tool, arguments)
        (content,) = reply.content
        assert isinstance(content, TextContent)
        return bool(reply.is_error), content.text, reply.structured_content or {}

    return call
