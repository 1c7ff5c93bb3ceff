"""The collections of a store, opened for searching when they are first asked for."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Self

from tao_servers.knowledge.index import EmptyStoreError, Place, StoreError, places
from tao_servers.knowledge.index.catalogue import Catalogue, open_catalogue
from tao_servers.knowledge.index.errors import translated
from tao_servers.knowledge.retrieving import Searcher
from tao_servers.knowledge.tools.errors import RequestError

__all__ = ["Library"]

_log = logging.getLogger(__name__)
_NAMES_SHOWN = 30
_NAME_CHARS = 80
_TURN_SECONDS = 60.0


@dataclass(slots=True)
class _Opened:
    searcher: Searcher
    users: int = 0


class Library:
    """All collections of a store; `place` is the one that is meant when none is named.

    `open_searcher` makes the searcher of a collection; at most `most_open` are kept, and those that were not
    used for longest are closed. Calls block and may come from any thread.
    """

    def __init__(
        self, place: Place, open_searcher: Callable[[Place], Searcher], *, most_open: int = 4
    ) -> None:
        self.place = place
        self._open_searcher = open_searcher
        self._most = most_open
        self._opened: OrderedDict[str, _Opened] = OrderedDict()
        self._changed = threading.Condition()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed, ExitStack() as closing:
            while self._opened:
                closing.push(self._opened.popitem()[1].searcher)

    def places(self) -> list[Place]:
        """Where the collections live, the one that is meant by default first, then by name."""
        found = {name: replace(self.place, name=name) for name in sorted(self._names())}
        first = found.pop(self.place.name, None)
        return [*([first] if first else []), *found.values()]

    def place_of(self, collection: str | None) -> Place:
        """Where the collection of this name lives; without a name the default one, or the only one.

        Raises:
            RequestError: there is no such collection, or one has to be chosen.
        """
        name = (collection or "").strip()
        if name == self.place.name:
            return self.place
        found = {place.name: place for place in self.places()}
        if name in found:
            return found[name]
        if name:
            there = f"There are: {_listed(found)}." if found else "There is none yet."
            raise RequestError(f"There is no collection {name[:_NAME_CHARS]!r}. {there}")
        if self.place.name in found or not found:
            return self.place
        if len(found) == 1:
            return next(iter(found.values()))
        raise RequestError(
            f"There are several collections: {_listed(found)}. Choose one (collection=...); "
            "list_sources says what is in them."
        )

    @contextmanager
    def reading(self, place: Place) -> Iterator[Catalogue]:
        """The catalogue of a collection; no model and no index is opened for that.

        Raises:
            EmptyStoreError: there is no such collection yet.
            StoreError: it cannot be read.
        """
        with translated(place.folder):
            if not place.catalogue.is_file():
                raise EmptyStoreError(f"The collection {place.name!r} in {str(place.store)!r} is empty.")
            with open_catalogue(place.catalogue, write=False) as catalogue:
                yield catalogue

    @contextmanager
    def searching(self, place: Place) -> Iterator[Searcher]:
        """The searcher of a collection; waits while as many others as may be open are all in use.

        Raises:
            RequestError: they still are after a minute.
        """
        opened = self._taken(place)
        try:
            yield opened.searcher
        finally:
            with self._changed:
                opened.users -= 1
                self._changed.notify_all()

    def warm(self) -> None:
        """Load what the first search of the default collection needs; never raises."""
        with self.searching(self.place) as searcher:
            searcher.warm()

    def _taken(self, place: Place) -> _Opened:
        with self._changed:
            while place.name not in self._opened and not self._has_room():
                if not self._changed.wait(_TURN_SECONDS):
                    raise RequestError("Too many collections are being searched at once. Try again.")
            opened = self._opened.get(place.name)
            if opened is None:
                opened = _Opened(self._open_searcher(place).__enter__())
                self._opened[place.name] = opened
            self._opened.move_to_end(place.name)
            opened.users += 1
            return opened

    def _has_room(self) -> bool:
        """Whether one more may be opened, closing an idle one for it."""
        if len(self._opened) < self._most:
            return True
        idle = next((name for name, opened in self._opened.items() if not opened.users), None)
        if idle is None:
            return False
        self._opened.pop(idle).searcher.__exit__()
        return True

    def _names(self) -> Iterator[str]:
        for file in places(self.place.store):
            try:
                with translated(file.parent), open_catalogue(file, write=False) as catalogue:
                    yield catalogue.about("name") or file.parent.name
            except StoreError as exc:
                # The others can be used all the same; `tao-knowledge collections` tells the user of it.
                _log.warning("A collection is left out: %s", exc)


def _listed(names: "dict[str, Place]") -> str:
    shown = ", ".join(name[:_NAME_CHARS] for name in list(names)[:_NAMES_SHOWN])
    more = len(names) - _NAMES_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
