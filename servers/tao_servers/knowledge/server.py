"""The MCP face of knowledge."""

import json
from typing import Annotated

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, ToolAnnotations
from pydantic import BaseModel, Field

from tao.errors import ConfigError, ModelError
from tao_servers.knowledge.index import EmptyStoreError, StoreError
from tao_servers.knowledge.search import Match, Searcher
from tao_servers.serving.results import result
from tao_servers.serving.server import make_server

__all__ = ["Passage", "Passages", "build_server"]

# Hosts cut longer results; both forms of a result count.
_RESULT_CHARS = 7800
_CUTS = (None, 400, 250, 150, 80)
_HEADING_CHARS = 200
_NOTE = "Long or low passages were cut. Ask for fewer (top_k) to see more of each."


class Passage(BaseModel):
    """One passage."""

    id: str
    text: str
    source: str
    path: str
    line: int
    page: int | None = None
    heading: str | None = None
    score: float


class Passages(BaseModel):
    """What was found, the best first."""

    passages: list[Passage]
    note: str | None = None


def build_server(searcher: Searcher, *, ingest_command: str = "tao-knowledge ingest PATH...") -> MCPServer:
    """Make the server over one store; `ingest_command` is what fills that store."""
    server = make_server(
        "knowledge",
        title="Private documents",
        instructions="Search in the user's own documents, with file and line. 查用户自己的资料。",
    )

    @server.tool(
        description="Search the user's private documents for passages with file and line. "
        "查资料：价格、商品、规定、文档。 Use it for prices, products, rules and documents.",
        annotations=ToolAnnotations(
            title="Search documents", read_only_hint=True, idempotent_hint=True, open_world_hint=False
        ),
    )
    def search_knowledge(
        query: Annotated[str, Field(description="What to look for, in any language")],
        top_k: Annotated[int, Field(ge=1, le=20, description="How many passages")] = 5,
    ) -> Annotated[CallToolResult, Passages]:
        if not query.strip():
            raise ToolError("The query is empty. Say what to look for, such as a product's name.")
        try:
            matches = searcher.search(query, top_k)
        except EmptyStoreError as exc:
            raise ToolError(f"No documents yet. The user has to run: {ingest_command}") from exc
        except (ConfigError, ModelError, StoreError) as exc:
            raise ToolError(str(exc)) from exc
        found = _fit(matches)
        return result(_as_text(found), found)

    return server


def _fit(matches: list[Match]) -> Passages:
    for cut in _CUTS:
        found = _passages(matches, cut)
        if _size(found) <= _RESULT_CHARS:
            return found
    while _size(found) > _RESULT_CHARS and found.passages:
        found.passages.pop()
    return found


def _passages(matches: list[Match], cut: int | None) -> Passages:
    passages = [
        Passage(
            id=str(number),
            text=match.text if cut is None else match.excerpt(cut),
            source=match.source,
            path=match.path,
            line=match.line,
            page=match.page,
            heading=_cut_heading(match.heading) or None,
            score=round(match.score, 4),
        )
        for number, match in enumerate(matches, start=1)
    ]
    return Passages(passages=passages, note=None if cut is None else _NOTE)


def _cut_heading(heading: str) -> str:
    # The innermost of the headings, which stands last, says most.
    return heading if len(heading) <= _HEADING_CHARS else f"…{heading[-_HEADING_CHARS:]}"


def _as_text(found: Passages) -> str:
    lines = [f"[{p.id}] {' '.join(p.text.split())} ({_place(p)})" for p in found.passages]
    return "\n".join([*lines, found.note] if found.note else lines)


def _place(passage: Passage) -> str:
    # Lines of a text that was taken from pages are nowhere to be seen.
    if passage.page is not None:
        return f"{passage.source} p. {passage.page}"
    return f"{passage.source}:{passage.line}"


def _size(found: Passages) -> int:
    structure = json.dumps(found.model_dump(exclude_none=True), ensure_ascii=False)
    return len(_as_text(found)) + len(structure)
