"""Names documents towards a model, and finds what it names: a number, an address, a path, a file name."""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from urllib.parse import quote, unquote

from tao_servers.knowledge.index import EmptyStoreError, Place, Source
from tao_servers.knowledge.tools.errors import RequestError
from tao_servers.knowledge.tools.library import Library
from tao_servers.knowledge.tools.looking import path_of, piece_on

__all__ = ["Found", "address_of", "find_document", "reference_of"]

_SCHEME = "knowledge://source/"
_ADDRESS = re.compile(rf"{_SCHEME}(?P<reference>[^#]+)(?:#char=(?P<start>\d{{1,15}})(?:,\d*)?)?")
_REFERENCE = re.compile(r"(?P<id>\d{1,15})(?:@(?P<collection>.+))?", re.DOTALL)
_SPOT = re.compile(r"(?P<name>.+?)(?::(?P<line>\d{1,9})|\s+p\.\s*(?P<page>\d{1,9}))", re.DOTALL)
_LONGEST = 4000
_SHOWN_CHARS = 150
_SHOWN = 8
_ALIKE = 60.0


@dataclass(frozen=True, slots=True)
class Found:
    """A document, and the character of it that was asked for, if one was."""

    place: Place
    source: Source
    at: int | None = None


def reference_of(library: Library, place: Place, document: int) -> str:
    """What a document is called: its number in the default collection, else `NUMBER@COLLECTION`."""
    return str(document) if place.name == library.place.name else f"{document}@{place.name}"


def address_of(library: Library, place: Place, document: int, span: tuple[int, int] | None = None) -> str:
    """The address of a document's resource, with a fragment as RFC 5147 has it for a span of characters."""
    fragment = f"#char={span[0]},{span[1]}" if span else ""
    return f"{_SCHEME}{quote(reference_of(library, place, document), safe='@')}{fragment}"


def find_document(
    library: Library, wanted: str, collection: str | None = None, *, only: bool = False
) -> Found:
    """The document that `wanted` names, as the module says, or as passages have it: `NAME:LINE`, `NAME p. 3`.

    What several collections have under one path is taken from the first of them; with `only` it is an error,
    and so is what merely resembles a name.

    Raises:
        RequestError: nothing has that name, or several have; or the collection is not there.
        StoreError: the collection cannot be read.
    """
    wanted = wanted.strip()
    if not wanted or len(wanted) > _LONGEST:
        raise RequestError("Say which document: its path, its file name, or an id of list_sources.")
    if address := _ADDRESS.fullmatch(wanted):
        if only and address["start"]:
            raise RequestError("That is the address of a passage. Name the document, by its path or its id.")
        found = _by_number(library, unquote(address["reference"]), collection)
        if found is None:
            raise RequestError(
                f"There is no document {wanted[:_SHOWN_CHARS]!r} now; it may have been read anew since. "
                "Search again, or name it by its path."
            )
        return Found(found.place, found.source, int(address["start"]) if address["start"] else None)
    rules = _EXACT if only else _RULES
    found, mistaken = None, None
    try:
        found = _by_number(library, wanted, collection)
    except RequestError as exc:
        # Such as a file `icon@2x`: what stands behind the @ may be no collection.
        mistaken = exc
    found = found or _by_name(library, wanted, collection, rules, only=only)
    if found is None and not only and (spot := _SPOT.fullmatch(wanted)):
        found = _by_name(library, spot["name"], collection, rules, only=False)
        if found is not None:
            return _at_spot(found, spot["line"], spot["page"])
    if found is None:
        raise mistaken or RequestError(_not_found(library, wanted, collection))
    return found


def _at_spot(found: Found, line: str | None, page: str | None) -> Found:
    piece = piece_on(
        found.place, found.source.id, line=int(line) if line else None, page=int(page) if page else None
    )
    return Found(found.place, found.source, piece.start if piece else None)


def _by_number(library: Library, wanted: str, collection: str | None) -> Found | None:
    reference = _REFERENCE.fullmatch(wanted)
    if reference is None:
        return None
    named = reference["collection"] or collection
    # A bare number is one of the default collection, also where that is not there and another one is meant.
    place = library.place_of(named) if named else library.place
    try:
        path = path_of(place, int(reference["id"]))
        with library.reading(place) as catalogue:
            source = catalogue.find(path) if path is not None else None
    except EmptyStoreError:
        return None
    return Found(place, source) if source else None


def _by_name(
    library: Library, wanted: str, collection: str | None, rules: "Sequence[_Rule]", *, only: bool
) -> Found | None:
    known = list(_known(library, collection))
    for rule in rules:
        matching = [found for found in known if rule(found.source, wanted)]
        paths = {found.source.source for found in matching}
        if only and len(paths) == 1 and len(matching) > 1:
            there = ", ".join(found.place.name[:_SHOWN_CHARS] for found in matching[:_SHOWN])
            raise RequestError(
                f"{_cut(wanted)!r} is in several collections: {there}. Say which (collection=...)."
            )
        if len(paths) == 1:
            return matching[0]
        if paths:
            shown = "; ".join(_cut(path) for path in sorted(paths)[:_SHOWN])
            raise RequestError(
                f"{_cut(wanted)!r} is the name of {len(paths)} documents. Give the path of one: {shown}"
            )
    return None


def _known(library: Library, collection: str | None) -> Iterator[Found]:
    places: Sequence[Place] = [library.place_of(collection)] if collection else library.places()
    for place in places:
        try:
            with library.reading(place) as catalogue:
                sources = catalogue.sources()
        except EmptyStoreError:
            # Another process is making it at this moment, or it is the default one and not there yet.
            continue
        yield from (Found(place, source) for source in sources)


def _is_path(source: Source, wanted: str) -> bool:
    return source.source in (wanted, os.path.abspath(os.path.expanduser(wanted)))


def _is_name(source: Source, wanted: str) -> bool:
    return PurePath(source.source).name == wanted


def _is_end(source: Source, wanted: str) -> bool:
    return "/" in wanted and source.source.endswith(f"/{wanted.lstrip('./')}")


def _is_nearly_name(source: Source, wanted: str) -> bool:
    path = PurePath(source.source.casefold())
    return wanted.casefold() in (path.name, path.stem, (source.title or "").casefold())


_Rule = Callable[[Source, str], bool]
_EXACT: tuple[_Rule, ...] = (_is_path, _is_name, _is_end)
_RULES: tuple[_Rule, ...] = (*_EXACT, _is_nearly_name)


def _not_found(library: Library, wanted: str, collection: str | None) -> str:
    from rapidfuzz import fuzz, process, utils  # only a wrong name needs it

    paths = [found.source.source for found in _known(library, collection)]
    name = PurePath(wanted[:_SHOWN_CHARS]).name
    near = process.extract(
        name,
        {path: PurePath(path).name for path in paths},
        scorer=fuzz.WRatio,
        processor=utils.default_process,
        score_cutoff=_ALIKE,
        limit=_SHOWN,
    )
    start = f"There is no document {_cut(wanted)!r}."
    if near:
        return f"{start} Did you mean: {'; '.join(_cut(path) for _, _, path in near)}?"
    return f"{start} list_sources lists those that there are."


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARS else f"…{text[-_SHOWN_CHARS:]}"
