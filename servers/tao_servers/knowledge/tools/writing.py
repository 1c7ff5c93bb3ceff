"""The tools that change what is there: `add_text`, `add_file`, `remove_source`."""

from collections.abc import Callable
from itertools import count
from typing import Annotated

from anyio import from_thread
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.types import CallToolResult, ToolAnnotations
from pydantic import Field

from tao_servers.knowledge.counting import counted
from tao_servers.knowledge.ingesting.pipeline import Outcome
from tao_servers.knowledge.tools.adding import Desk, Told
from tao_servers.knowledge.tools.answers import Change
from tao_servers.knowledge.tools.errors import RequestError, told_to_the_model
from tao_servers.knowledge.tools.library import Library
from tao_servers.knowledge.tools.parameters import Text
from tao_servers.knowledge.tools.references import address_of, find_document
from tao_servers.serving.results import result

__all__ = ["add_writing_tools"]

_SECONDARY = {"tao/secondary": True}
_COLLECTION = "Which one; a new name makes one"
_NAME_CHARS = 80
_SAID = {
    "read": "Added {source} ({size}) to the collection {collection!r}.",
    "changed": "Replaced what was {source} before ({size} now) in the collection {collection!r}.",
    "unchanged": "{source} is in the collection {collection!r} already, unchanged.",
    "removed": "Removed {source} ({size}) from the collection {collection!r}.",
}


def add_writing_tools(server: MCPServer, library: Library, desk: Desk) -> None:
    """Offer the tools; `add_file` only where there are folders that it may read."""
    _add_text(server, library, desk)
    if desk.roots:
        _add_file(server, library, desk)
    _remove_source(server, library, desk)


# Plain functions: the SDK calls them in worker threads, where they may block.
def _add_text(server: MCPServer, library: Library, desk: Desk) -> None:
    @server.tool(
        description="Keep a text among the user's documents, to be found later. The same title replaces it. "
        "把一段文字存入资料库。",
        annotations=_writes("Keep a text", destructive=True),
        meta=_SECONDARY,
    )
    def add_text(
        text: Annotated[str, Field(description="The text, as Markdown")],
        title: Annotated[str, Field(description="By which it is known: note:TITLE")],
        context: Context,
        collection: Annotated[Text, Field(description=_COLLECTION)] = "",
        tags: Annotated[dict[str, str] | None, Field(description='Such as {"year": "2024"}')] = None,
    ) -> Annotated[CallToolResult, Change]:
        def work(told: Told) -> Change:
            name = _collection(library, collection)
            return _change(library, name, desk.add_text(name, title, text, tags or {}, told))

        return _result(_told_on(context, work))


def _add_file(server: MCPServer, library: Library, desk: Desk) -> None:
    roots = ", ".join(map(str, desk.roots))

    @server.tool(
        description="Take a file into the user's documents, or read it anew. 把文件加入资料库。"
        f" Only from: {roots[:400]}",
        annotations=_writes("Add a file", destructive=False),
        meta=_SECONDARY,
    )
    def add_file(
        path: Annotated[str, Field(description="Path of one file")],
        context: Context,
        collection: Annotated[Text, Field(description=_COLLECTION)] = "",
    ) -> Annotated[CallToolResult, Change]:
        def work(told: Told) -> Change:
            name = _collection(library, collection)
            return _change(library, name, desk.add_file(name, path, told))

        return _result(_told_on(context, work))


def _remove_source(server: MCPServer, library: Library, desk: Desk) -> None:
    @server.tool(
        description="Remove a document from the user's documents; its file stays. 从资料库删除一份文档。",
        annotations=_writes("Remove a document", destructive=True),
        meta=_SECONDARY,
    )
    def remove_source(
        source: Annotated[str, Field(description="Path, file name, or an id of list_sources")],
        context: Context,
        collection: Annotated[Text, Field(description="Only if several have it")] = "",
    ) -> Annotated[CallToolResult, Change]:
        def work(told: Told) -> Change:
            found = find_document(library, source, collection or None, only=True)
            told(f"removing {found.source.source}")
            desk.remove(found.place, found.source)
            return Change(
                result="removed",
                source=found.source.source,
                collection=found.place.name,
                chunks=found.source.chunks,
            )

        return _result(_told_on(context, work))


def _writes(title: str, *, destructive: bool) -> ToolAnnotations:
    return ToolAnnotations(
        title=title,
        read_only_hint=False,
        destructive_hint=destructive,
        idempotent_hint=True,
        open_world_hint=False,
    )


def _told_on(context: Context, work: Callable[[Told], Change]) -> Change:
    """Work, and tell the caller how it goes on, if the caller wants to hear that."""
    steps = count(1)

    def told(message: str) -> None:
        # Where the call was cancelled this raises, and what is not yet written is left out.
        from_thread.check_cancelled()
        from_thread.run(context.report_progress, float(next(steps)), None, message)

    with told_to_the_model():
        return work(told)


def _collection(library: Library, given: str) -> str:
    name = given.strip() or library.place_of(None).name
    if not name.isprintable() or len(name) > _NAME_CHARS:
        raise RequestError(f"{name[:_NAME_CHARS]!r} is no name for a collection. Give one such as notes.")
    return name


def _change(library: Library, collection: str, outcome: Outcome) -> Change:
    place = library.place_of(collection)
    with library.reading(place) as catalogue:
        source = catalogue.find(outcome.source)
    return Change(
        result=outcome.result,
        source=outcome.source,
        collection=collection,
        chunks=outcome.chunks,
        uri=address_of(library, place, source.id) if source else None,
        note=f"Not all of it was read: {'; '.join(outcome.unread)}"[:500] if outcome.unread else None,
    )


def _result(change: Change) -> CallToolResult:
    said = _SAID[change.result].format(**change.model_dump(), size=counted(change.chunks, "chunk"))
    return result(" ".join(filter(None, (said, change.uri, change.note))), change)
