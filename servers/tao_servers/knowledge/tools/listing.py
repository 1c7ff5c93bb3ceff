"""`list_sources`: the documents, and the collections described so that one can be chosen."""

from collections import Counter
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import PurePath
from typing import Annotated

from mcp.server import MCPServer
from mcp.types import CallToolResult, ToolAnnotations
from pydantic import Field

from tao_servers.knowledge.counting import counted
from tao_servers.knowledge.index import EmptyStoreError, Place, Source
from tao_servers.knowledge.tools.answers import CollectionInfo, DocumentInfo, Shelf
from tao_servers.knowledge.tools.cursors import cursor, place_in
from tao_servers.knowledge.tools.cutting import first_that_fits
from tao_servers.knowledge.tools.errors import told_to_the_model
from tao_servers.knowledge.tools.library import Library
from tao_servers.knowledge.tools.looking import last_pages
from tao_servers.knowledge.tools.parameters import Text
from tao_servers.knowledge.tools.references import reference_of
from tao_servers.serving.results import result

__all__ = ["add_list_sources", "described"]

_PAGE = 40
_COLLECTIONS = 20
_TITLES = 5
_OTHERS = 20
_TITLE_CHARS = 60
_DESCRIPTION_CHARS = 300
_NAME_CHARS = 80

_Shelved = list[tuple[Place, list[Source]]]


def add_list_sources(server: MCPServer, library: Library) -> None:
    """Offer the tool."""

    @server.tool(
        description="List the user's documents, and the collections that there are. 列出有哪些文档、文档集。",
        annotations=ToolAnnotations(
            title="List documents", read_only_hint=True, idempotent_hint=True, open_world_hint=False
        ),
        meta={"tao/secondary": True},
    )
    def list_sources(
        collection: Annotated[Text, Field(description="Only of this one; default: of all")] = "",
        pattern: Annotated[
            str, Field(description="Part of a name, path or title, or a glob like *.pdf")
        ] = "",
        cursor: Annotated[Text, Field(description="next_cursor of the page before")] = "",
    ) -> Annotated[CallToolResult, Shelf]:
        with told_to_the_model():
            shelf = _shelf(library, collection, pattern.strip()[:500], cursor)
        return result(_as_text(shelf), shelf)


def described(library: Library, places: Sequence[Place] | None = None) -> list[CollectionInfo]:
    """What is said of collections, by default of all."""
    chosen = library.places() if places is None else places
    return [_info(library, place, sources) for place, sources in _read(library, chosen)]


def _shelf(library: Library, collection: str, pattern: str, given: str) -> Shelf:
    places = [library.place_of(collection)] if collection else library.places()
    shelved = _read(library, places)
    matching = [
        (place, source) for place, sources in shelved for source in sources if _matches(source, pattern)
    ]
    asked = f"list\n{collection}\n{pattern}"
    first = 0
    if given:
        # By what it stood behind, and no number: documents may have come and gone since.
        after = tuple(place_in(given, asked, str, str))
        keys = [_key(places, place, source.source) for place, source in matching]
        last = _key(places, next((place for place in places if place.name == after[0]), None), after[1])
        first = next((n for n, key in enumerate(keys) if key > last), len(keys))
    infos = [] if given else [_info(library, *one) for one in shelved[:_COLLECTIONS]]
    window = matching[first : first + _PAGE]
    pages = _pages(window)

    def made(number: int) -> Shelf:
        shown = window[:number]
        goes_on = first + len(shown) < len(matching)
        # Of many only some are described, as with documents.
        told = infos[: max(1, number)] if infos else []
        left_out = [place.name for place, _ in shelved[len(told) :]] if infos else []
        return Shelf(
            collections=told,
            documents=[_document(library, *one, pages) for one in shown],
            total=len(matching),
            next_cursor=cursor(asked, shown[-1][0].name, shown[-1][1].source) if goes_on and shown else None,
            note=_others(left_out) if left_out else None,
        )

    return first_that_fits(made, _as_text, max(_PAGE, _COLLECTIONS))


def _read(library: Library, places: Sequence[Place]) -> _Shelved:
    shelved: _Shelved = []
    for place in places:
        try:
            with library.reading(place) as catalogue:
                shelved.append((place, catalogue.sources()))
        except EmptyStoreError:
            # It is just being made, or was deleted meanwhile.
            continue
    return shelved


def _key(places: Sequence[Place], place: Place | None, source: str) -> tuple[int, str]:
    names = [one.name for one in places]
    return (names.index(place.name) if place else len(names), source)


def _matches(source: Source, pattern: str) -> bool:
    if not pattern:
        return True
    wanted, path, title = pattern.casefold(), source.source.casefold(), (source.title or "").casefold()
    # Both, whatever signs are in it: a file may be called `plan [final].pdf`.
    if wanted in path or wanted in title:
        return True
    return fnmatchcase(path, wanted) or fnmatchcase(PurePath(path).name, wanted)


def _info(library: Library, place: Place, sources: Sequence[Source]) -> CollectionInfo:
    with library.reading(place) as catalogue:
        description = catalogue.about("description")
    dates = sorted(filter(None, map(_date, sources)))
    languages = Counter(source.language for source in sources if source.language)
    return CollectionInfo(
        name=place.name,
        documents=len(sources),
        languages=dict(languages.most_common(5)),
        first_date=dates[0] if dates else None,
        last_date=dates[-1] if dates else None,
        titles=list(islice(_titles(sources), _TITLES)),
        description=description[:_DESCRIPTION_CHARS] if description else None,
    )


def _titles(sources: Sequence[Source]) -> Iterator[str]:
    # Spread over the list: those that stand together are often alike.
    for source in sources[:: max(1, len(sources) // _TITLES)]:
        yield _cut(source.title or PurePath(source.source).name, _TITLE_CHARS)


def _pages(window: Sequence[tuple[Place, Source]]) -> dict[tuple[str, int], int]:
    pages: dict[tuple[str, int], int] = {}
    for place in {place.name: place for place, _ in window}.values():
        ids = [source.id for other, source in window if other.name == place.name]
        pages |= {(place.name, id_): last for id_, last in last_pages(place, ids).items()}
    return pages


def _document(
    library: Library, place: Place, source: Source, pages: dict[tuple[str, int], int]
) -> DocumentInfo:
    return DocumentInfo(
        id=reference_of(library, place, source.id),
        path=source.source,
        title=_cut(source.title, _NAME_CHARS) if source.title else None,
        language=source.language or None,
        date=_date(source),
        pages=pages.get((place.name, source.id)),
        chunks=source.chunks,
        collection=place.name,
    )


def _date(source: Source) -> str | None:
    date = source.modified or source.created
    return date[:10] if date else None


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


def _as_text(shelf: Shelf) -> str:
    lines = [_collection_line(one) for one in shelf.collections]
    lines += [shelf.note] if shelf.note else []
    if not shelf.documents:
        lines.append(_nothing(shelf))
    else:
        lines.append(f"Documents ({shelf.total:,}):")
    several = len({one.collection for one in shelf.documents}) > 1
    lines += [_document_line(one, several=several) for one in shelf.documents]
    if shelf.next_cursor:
        lines.append(f'[There are more: list_sources with cursor="{shelf.next_cursor}"]')
    return "\n".join(lines)


def _nothing(shelf: Shelf) -> str:
    if shelf.total:
        return f"No more documents: all {shelf.total:,} are on the pages before."
    return "No document matches." if shelf.collections else "There are no documents yet."


def _others(names: Sequence[str]) -> str:
    shown = ", ".join(_cut(name, _NAME_CHARS) for name in names[:_OTHERS])
    more = ", …" if len(names) > _OTHERS else ""
    return f"And {counted(len(names), 'more collection')}: {shown}{more} (list_sources(collection=...))."


def _collection_line(one: CollectionInfo) -> str:
    languages = ", ".join(f"{name} {number}" for name, number in one.languages.items())
    dates = " to ".join(dict.fromkeys(filter(None, (one.first_date, one.last_date))))
    facts = "; ".join(filter(None, (counted(one.documents, "document"), languages, dates)))
    described = f" {one.description}" if one.description else ""
    titles = f" Such as: {', '.join(one.titles)}" if one.titles else ""
    return f"Collection {one.name!r} ({facts}).{described}{titles}"


def _document_line(one: DocumentInfo, *, several: bool) -> str:
    parts = [
        one.path,
        one.title or "",
        one.language or "",
        one.date or "",
        counted(one.pages, "page") if one.pages else "",
        counted(one.chunks, "chunk"),
        f"in {one.collection!r}" if several else "",
    ]
    return f"[{one.id}] {' · '.join(filter(None, parts))}"
