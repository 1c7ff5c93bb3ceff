"""`read_source`: the text of a document, page by page."""

from dataclasses import dataclass
from typing import Annotated

from mcp.server import MCPServer
from mcp.types import CallToolResult, ToolAnnotations
from pydantic import Field

from tao_servers.knowledge.index import Source
from tao_servers.knowledge.tools.answers import SourceText
from tao_servers.knowledge.tools.cursors import cursor, place_in
from tao_servers.knowledge.tools.cutting import first_that_fits
from tao_servers.knowledge.tools.errors import RequestError, told_to_the_model
from tao_servers.knowledge.tools.library import Library
from tao_servers.knowledge.tools.looking import Piece, pieces_from
from tao_servers.knowledge.tools.parameters import Text
from tao_servers.knowledge.tools.references import Found, address_of, find_document
from tao_servers.serving.results import result

__all__ = ["Extent", "add_read_source", "extent"]

# In both forms of a result, with room for what JSON writes as two characters.
_CHARS = 3600
_BEFORE = 500
_PIECES = 400
_NAME_CHARS = 200
_UNREAD_CHARS = 300
_ENDS = ("\n\n", "\n", "。", "！", "？", ". ", "! ", "? ", "；", "，", " ")


def add_read_source(server: MCPServer, library: Library) -> None:
    """Offer the tool."""

    @server.tool(
        description="Read a document page by page, or around a passage: for summaries and context. "
        "读全文或某段前后文。",
        annotations=ToolAnnotations(
            title="Read a document", read_only_hint=True, idempotent_hint=True, open_world_hint=False
        ),
        meta={"tao/secondary": True},
    )
    def read_source(
        source: Annotated[
            str, Field(description="Path, file name, file:line, a passage's uri, or an id of list_sources")
        ],
        cursor: Annotated[Text, Field(description="next_cursor of the page before")] = "",
    ) -> Annotated[CallToolResult, SourceText]:
        with told_to_the_model():
            page = _page(library, find_document(library, source), cursor)
        return result(_as_text(page), page)


@dataclass(frozen=True, slots=True)
class Extent:
    """Some of a document's text: from the character `start` to `end`, with its place."""

    start: int
    end: int
    line: int
    page: int | None = None
    heading: str = ""


def extent(pieces: list[Piece], start: int, most: int) -> Extent:
    """What of a document, from the character `start` on, has at most `most` characters.

    It ends where a chunk, a paragraph, a line or a sentence does, if that leaves at least half of it.
    """
    first = pieces[0]
    begin = max(start, first.start)
    line = first.line + first.text[: begin - first.start].count("\n")
    used, reached = 0, begin
    for piece in pieces:
        if piece.end <= reached:
            continue
        from_ = max(reached, piece.start)
        if used + piece.end - from_ > most:
            if used <= most // 2:
                rest = piece.text[from_ - piece.start : from_ - piece.start + most - used]
                reached = from_ + max(1, _good_end(rest))
            break
        # What parts it from the piece before is a line break or a space.
        used += piece.end - from_ + 1
        reached = piece.end
    return Extent(begin, reached, line, first.page, first.heading)


def _good_end(text: str) -> int:
    for end in _ENDS:
        found = text.rfind(end)
        if found >= len(text) // 2:
            return found + len(end)
    return len(text)


def _page(library: Library, found: Found, given: str) -> SourceText:
    source = found.source
    start = _position(source, given) if given else _begin(found)
    pieces = pieces_from(found.place, source.id, start, _PIECES)
    if not pieces:
        raise RequestError(
            f"{source.source!r} has no text behind character {start}. Read it without a cursor."
        )
    with library.reading(found.place) as catalogue:

        def made(most: int) -> SourceText:
            part = extent(pieces, start, most)
            more = any(piece.end > part.end for piece in pieces) or (
                len(pieces) == _PIECES and bool(pieces_from(found.place, source.id, part.end, 1))
            )
            return SourceText(
                source=_cut(source.source.rsplit("/", 1)[-1] or source.source),
                path=source.source,
                uri=address_of(library, found.place, source.id),
                title=_cut(source.title) if source.title else None,
                text=catalogue.span(source.id, part.start, part.end),
                start=part.start,
                end=part.end,
                characters=source.characters,
                line=part.line,
                page=part.page,
                heading=_cut(part.heading) or None,
                next_cursor=cursor(source.source, source.digest[:16], part.end) if more else None,
                note=f"Not all of the file was read: {'; '.join(source.unread)}"[:_UNREAD_CHARS]
                if source.unread
                else None,
            )

        return first_that_fits(made, _as_text, _CHARS)


def _position(source: Source, given: str) -> int:
    digest, position = place_in(given, source.source, str, int)
    if digest != source.digest[:16]:
        raise RequestError(
            f"{source.source!r} has changed since that cursor was given. Read it from its start, without one."
        )
    # A made-up one may be larger than any number that the catalogue takes.
    return min(max(0, int(position)), source.characters)


def _begin(found: Found) -> int:
    """A little before what was asked for: where a chunk begins, if one does near there."""
    if found.at is None:
        return 0
    earliest = max(0, min(found.at, found.source.characters - 1) - _BEFORE)
    near = [
        piece.start
        for piece in pieces_from(found.place, found.source.id, earliest, _PIECES)
        if earliest <= piece.start <= found.at
    ]
    return min(near, default=earliest)


def _cut(text: str) -> str:
    return text if len(text) <= _NAME_CHARS else f"…{text[-_NAME_CHARS:]}"


def _as_text(page: SourceText) -> str:
    where = [f"characters {page.start:,} to {page.end:,} of {page.characters:,}"]
    where.append(f"page {page.page}" if page.page is not None else f"from line {page.line}")
    if page.heading:
        where.append(f"under {page.heading!r}")
    title = f" · {page.title}" if page.title else ""
    more = f'\n\n[It goes on: read_source with cursor="{page.next_cursor}"]' if page.next_cursor else ""
    note = f"\n{page.note}" if page.note else ""
    return f"{page.path}{title} ({page.uri}), {', '.join(where)}{note}\n\n{page.text}{more}"
