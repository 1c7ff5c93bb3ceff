"""Asks a server, over stdio, one question after the other."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import anyio
from mcp import Client, MCPError, StdioServerParameters

from benchmarks.retrieval.records import Corpus
from benchmarks.retrieval.taking_in import BenchmarkError

__all__ = ["TOP_K", "Found", "ask"]

TOP_K = 20
_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Found:
    """What one question brought: records, the best first, and how it came."""

    records: list[str]
    passages: int
    milliseconds: float
    misplaced: int


def ask(server: StdioServerParameters, asked: Mapping[str, str], corpus: Corpus) -> dict[str, Found]:
    """What the tool `search_knowledge` finds for each question, by its id.

    A first question that is not counted lets the server load its models. The times are those of a host: from
    the call to its result.

    Raises:
        BenchmarkError: the tool answered with an error, or the server did not start or ended.
    """
    try:
        return anyio.run(_ask, server, asked, corpus)
    except (ExceptionGroup, MCPError, OSError) as exc:
        causes = exc.exceptions if isinstance(exc, ExceptionGroup) else (exc,)
        raise BenchmarkError(f"The server failed; its stderr stands above. {causes[0]}") from exc


async def _ask(server: StdioServerParameters, asked: Mapping[str, str], corpus: Corpus) -> dict[str, Found]:
    found: dict[str, Found] = {}
    async with Client(server, read_timeout_seconds=_SECONDS) as client:
        for number, (id_, text) in enumerate([("", "warm"), *asked.items()]):
            begun = time.perf_counter()
            result = await client.call_tool("search_knowledge", {"query": text, "top_k": TOP_K})
            seconds = time.perf_counter() - begun
            if result.is_error or result.structured_content is None:
                raise BenchmarkError(f"{text!r} was answered with an error: {result.content}")
            passages = result.structured_content["passages"]
            misplaced = sum(not corpus.agrees(passage) for passage in passages)
            if number:
                found[id_] = Found(corpus.ranked(passages), len(passages), seconds * 1000, misplaced)
    return found
