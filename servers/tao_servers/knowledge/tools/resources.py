"""Resources: the collections, and each document as text."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError

from tao_servers.knowledge.tools.errors import USABLE_ERRORS, RequestError
from tao_servers.knowledge.tools.library import Library
from tao_servers.knowledge.tools.listing import described
from tao_servers.knowledge.tools.references import find_document

__all__ = ["add_resources"]

# A host may put a resource as a whole before its model.
_CHARS = 20_000


def add_resources(server: MCPServer, library: Library) -> None:
    """Serve `knowledge://collections`, and documents by the addresses that passages have."""

    @server.resource(
        "knowledge://collections",
        name="collections",
        title="Collections",
        description="What collections of documents there are. 有哪些文档集。",
        mime_type="application/json",
    )
    def collections() -> str:
        with _told():
            found = [one.model_dump(exclude_none=True) for one in described(library)]
        return json.dumps({"collections": found}, ensure_ascii=False)

    @server.resource(
        "knowledge://source/{id}",
        name="source",
        title="Document",
        description="The text of a document, by its id in list_sources. 一份文档的全文。",
        mime_type="text/plain",
    )
    def source(id: str) -> str:
        return _text(library, _address(id))

    # Passages have such addresses, and a fragment is no part of what the template above matches.
    @server.resource(
        "knowledge://source/{id}{#place}",
        name="passage",
        title="Passage",
        description="The text of a document from a passage on, by the passage's uri. 从某段起的原文。",
        mime_type="text/plain",
    )
    def passage(id: str, place: str) -> str:
        return _text(library, f"{_address(id)}#{place}")


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except RequestError as exc:
        raise ResourceNotFoundError(str(exc)) from exc
    except USABLE_ERRORS as exc:
        raise ResourceError(str(exc)) from exc


def _address(id: str) -> str:
    # The template has decoded it, and a collection may be called `a#b` or `100%`.
    return f"knowledge://source/{quote(id, safe='@')}"


def _text(library: Library, address: str) -> str:
    with _told():
        found = find_document(library, address)
        start, whole = found.at or 0, found.source.characters
        end = min(whole, start + _CHARS)
        with library.reading(found.place) as catalogue:
            text = catalogue.span(found.source.id, start, end)
    if end == whole:
        return text
    rest = f"{address.partition('#')[0]}#char={end},{whole}"
    return f"{text}\n\n[Cut at character {end:,} of {whole:,}. The tool read_source reads on: {rest}]"
