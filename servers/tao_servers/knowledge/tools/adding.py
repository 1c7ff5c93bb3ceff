"""Takes documents in, and removes them, as the command line does."""

import os
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tao_servers.knowledge.counting import counted
from tao_servers.knowledge.index import Place, Source, open_writer
from tao_servers.knowledge.tools.errors import RequestError

if TYPE_CHECKING:
    from tao_servers.knowledge.ingesting.intake import Plan
    from tao_servers.knowledge.ingesting.origin import Origin
    from tao_servers.knowledge.ingesting.pipeline import Outcome

__all__ = ["Desk", "Told"]

Told = Callable[[str], None]
"""Hears in words how it goes on, in the thread that works; what it raises ends the work."""

_TITLE_CHARS = 150
_TEXT_CHARS = 500_000
_SHOWN_CHARS = 300
# Control characters, and halves of characters.
_NO_PATH = ("Cc", "Cs")
_SLASHES = str.maketrans({"/": "／", "\\": "＼"})


@dataclass(frozen=True, slots=True)
class Desk:
    """Where documents are handed in. Calls block, and raise what `ingest` and `open_writer` raise.

    `planned` makes the plan of an ingest for the name of a collection and tags. Files are taken from the
    folders `roots` and what is below them alone. `added` hears of each collection that got new text.
    """

    planned: "Callable[[str, Mapping[str, Sequence[str]]], AbstractContextManager[Plan]]"
    roots: tuple[Path, ...] = ()
    added: Callable[[Place], None] | None = None

    def add_text(
        self, collection: str, title: str, text: str, tags: Mapping[str, str], told: Told
    ) -> "Outcome":
        """Take in a text as the document `note:TITLE`, in the place of one that has that name.

        Raises:
            RequestError: the title, the text or a tag will not do.
        """
        from tao_servers.knowledge.ingesting.errors import TargetError
        from tao_servers.knowledge.ingesting.gathering import read_tags
        from tao_servers.knowledge.ingesting.origin import Origin

        name = " ".join(title.split()).translate(_SLASHES)
        if not name or not name.isprintable() or len(name) > _TITLE_CHARS:
            raise RequestError(f"The title {name[:60]!r} will not do. Give 1 to {_TITLE_CHARS} characters.")
        if not text.strip():
            raise RequestError("The text is empty. Give the text that is to be found later.")
        if len(text) > _TEXT_CHARS:
            raise RequestError(f"The text has {len(text):,} characters, and the most are {_TEXT_CHARS:,}.")
        try:
            attributes = read_tags([f"{tag}={value}" for tag, value in tags.items()])
        except TargetError as exc:
            raise RequestError(str(exc)) from exc
        # The title as a heading: by it the text is found, and told from others.
        data = f"# {name}\n\n{text}\n".encode("utf-8", "replace")
        return self._take_in(collection, Origin(f"note:{name}", "note.md", data=data), attributes, told)

    def add_file(self, collection: str, path: str, told: Told) -> "Outcome":
        """Take in a file, named as the command line names it.

        Raises:
            RequestError: it is not in an allowed folder, or no file.
        """
        from tao_servers.knowledge.ingesting.origin import Origin, path_text

        given, real = self._allowed(path)
        # What is read is the file that was looked at, wherever a link points by then.
        origin = Origin(path_text(given), given.name, path=real)
        return self._take_in(collection, origin, {}, told)

    def remove(self, place: Place, source: Source) -> None:
        """Forget a document."""
        with (
            self.planned(place.name, {}) as plan,
            open_writer(plan.place, plan.embedder, wait=plan.wait) as writer,
        ):
            # Another process may have replaced it meanwhile.
            now = [one.id for one in writer.sources() if one.source == source.source]
            writer.remove(now)

    def _take_in(
        self, collection: str, origin: "Origin", tags: Mapping[str, Sequence[str]], told: Told
    ) -> "Outcome":
        from tao_servers.knowledge.ingesting.pipeline import Outcome, Watcher, ingest

        outcomes: list[Outcome] = []

        class Telling(Watcher):
            def reading(self, origin: "Origin") -> None:
                told(f"reading {origin.name}")

            def embedded(self, chunks: int) -> None:
                told(f"embedded {counted(chunks, 'more chunk')}")

            def done(self, outcome: Outcome) -> None:
                outcomes.append(outcome)
                told(outcome.result)

        with (
            self.planned(collection, tags) as plan,
            open_writer(plan.place, plan.embedder, wait=plan.wait) as writer,
        ):
            ingest([replace(origin, attributes=plan.attributes)], writer, plan.method, watcher=Telling())
        (outcome,) = outcomes
        if outcome.result == "refused":
            raise RequestError(f"{outcome.source[:_SHOWN_CHARS]!r} was not taken in: {outcome.reason}.")
        if outcome.result != "unchanged" and self.added is not None:
            self.added(plan.place)
        return outcome

    def _allowed(self, path: str) -> tuple[Path, Path]:
        """The absolute path as it was given, and the file itself behind all links."""
        if not path.strip() or any(unicodedata.category(character) in _NO_PATH for character in path):
            raise RequestError("Give the path of a file.")
        wanted = Path(os.path.expanduser(path.strip()))
        hidden = False
        for root in self.roots:
            given = Path(os.path.abspath(root / wanted))
            try:
                real, home = given.resolve(strict=True), root.resolve(strict=True)
            except (OSError, RuntimeError):
                continue
            if not real.is_relative_to(home):
                continue
            if any(part.startswith(".") for part in real.relative_to(home).parts):
                # Another of the folders may be the hidden one itself.
                hidden = True
                continue
            if not real.is_file():
                raise RequestError(
                    f"{path[:_SHOWN_CHARS]!r} is no file. Add the files of a folder one by one."
                )
            return given, real
        if hidden:
            raise RequestError(f"{path[:_SHOWN_CHARS]!r} is hidden, and hidden files are not taken in.")
        allowed = ", ".join(str(root)[:_SHOWN_CHARS] for root in self.roots[:10])
        raise RequestError(f"There is no file {path[:_SHOWN_CHARS]!r} in the allowed folders: {allowed}")
