"""Takes documents into a collection: hash, load, split, embed, index."""

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal

from tao_servers.knowledge.document import Document
from tao_servers.knowledge.index import Entry, Source, Writer
from tao_servers.knowledge.ingesting.batches import Batches
from tao_servers.knowledge.ingesting.language import language_of
from tao_servers.knowledge.ingesting.origin import Origin
from tao_servers.knowledge.ingesting.writable import writable
from tao_servers.knowledge.loading import Job, Options, RefusedError, Workers
from tao_servers.knowledge.splitting import Sizes, Splitter, split

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Method", "Outcome", "Result", "Watcher", "ingest", "rehearse"]

Result = Literal["read", "changed", "unchanged", "refused"]
# Raise it when loading or splitting change what comes of the same bytes: everything is read anew.
_FORM = 2


@dataclass(frozen=True, slots=True)
class Method:
    """How documents are read and cut.

    `most_tokens` tells how many tokens of a text the embedder reads, which bounds `sizes`. It is asked when
    the first document is cut, as it may load a model.
    """

    sizes: Sizes
    splitter: Splitter = "auto"
    most_tokens: Callable[[], int] | None = None
    options: Options = field(default_factory=Options)
    workers: int = 1
    seconds: float = 120.0
    megabytes: int = 2048
    embed: Callable[[Sequence[str]], "NDArray[np.float32]"] | None = None
    enrich: Callable[[Entry], Entry] | None = None

    @property
    def made(self) -> str:
        """What the chunks of a document depend on, besides its bytes."""
        sizes = self.sizes
        enriched = " enriched" if self.enrich else ""
        return f"{_FORM} {self.splitter} {sizes.tokens} {sizes.overlap} ocr={self._reads_pictures}{enriched}"

    @property
    def _reads_pictures(self) -> bool:
        # Installed later, it is to read what was left unread before.
        ocr = self.options.ocr
        return find_spec("rapidocr") is not None if ocr is None else ocr


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one document; `reason` says why it was refused, `unread` what of it was not read."""

    source: str
    result: Result
    chunks: int = 0
    reason: str | None = None
    unread: Sequence[str] = ()


class Watcher:
    """Is told how an ingest goes on; does nothing by itself."""

    def reading(self, origin: Origin) -> None:
        """A document is being read."""

    def embedded(self, chunks: int) -> None:
        """So many more chunks are embedded."""

    def done(self, outcome: Outcome) -> None:
        """A document is settled: if it was read, it can be found from now on."""


def ingest(origins: Iterable[Origin], writer: Writer, method: Method, *, watcher: Watcher) -> None:
    """Take in each document that is new or has changed; `watcher` hears what became of each.

    Raises:
        StoreError: the collection cannot be written.
        ConfigError, ModelError: the embedder is not there, or fails.
    """
    run = _Run(method, writer.sources(), watcher)
    with Batches(writer, writer.embedder, written=run.written, embedded=watcher.embedded) as batches:
        for entry in run.entries(origins):
            batches.add(entry)
    if run.emptied:
        writer.remove(run.emptied)


def rehearse(origins: Iterable[Origin], known: Iterable[Source], method: Method, *, watcher: Watcher) -> None:
    """Tell `watcher` what `ingest` would do with a collection that holds `known`; nothing is written."""
    run = _Run(method, known, watcher)
    for entry in run.entries(origins):
        run.written([entry])


class _Run:
    def __init__(self, method: Method, known: Iterable[Source], watcher: Watcher) -> None:
        self._method = method
        self._known: Mapping[str, Source] = {source.source: source for source in known}
        self._watcher = watcher
        # What the workers are reading, in the order in which they give it back.
        self._reading: deque[tuple[Origin, str, int]] = deque()
        self.emptied: list[int] = []

    def entries(self, origins: Iterable[Origin]) -> Iterator[Entry]:
        """What is to be written, in the order of `origins`."""
        method = self._method
        with Workers(method.workers, seconds=method.seconds, memory_mb=method.megabytes) as workers:
            for _, document in workers.map(self._jobs(origins)):
                origin, digest, size = self._reading.popleft()
                if isinstance(document, RefusedError):
                    self._refuse(origin, str(document))
                elif entry := self._entry(origin, digest, size, document):
                    yield entry
                self._tell_reading()

    def written(self, entries: Sequence[Entry]) -> None:
        """Tell that these can be found now."""
        for entry in entries:
            result: Result = "changed" if entry.source in self._known else "read"
            outcome = Outcome(entry.source, result, len(entry.chunks), unread=entry.document.unread)
            self._watcher.done(outcome)

    def _jobs(self, origins: Iterable[Origin]) -> Iterator[Job]:
        taken: set[str] = set()
        for origin in origins:
            if origin.source in taken:
                # Two live documents cannot have one name, and which of them would be the later one?
                self._refuse(origin, "another one with this name was taken in before it")
                continue
            taken.add(origin.source)
            try:
                digest, size = origin.digest(self._method.options)
            except RefusedError as exc:
                self._refuse(origin, str(exc))
                continue
            known = self._known.get(origin.source)
            if known and (known.digest, known.made) == (digest, self._made(origin)):
                self._watcher.done(Outcome(origin.source, "unchanged", known.chunks, unread=known.unread))
                continue
            self._reading.append((origin, digest, size))
            self._tell_reading()
            data = origin.path if origin.path is not None else origin.data or b""
            yield Job(data, origin.name, self._method.options, digest)

    def _entry(self, origin: Origin, digest: str, size: int, document: Document) -> Entry | None:
        method = self._method
        document = writable(document)
        chunks = split(document, method.splitter, sizes=self._sizes, embed=method.embed)
        if not chunks:
            if known := self._known.get(origin.source):
                # What it said before it was emptied is true no longer.
                self.emptied.append(known.id)
            self._refuse(origin, "there is no text in it")
            return None
        entry = Entry(
            source=origin.source,
            digest=digest,
            made=self._made(origin),
            document=document,
            chunks=chunks,
            bytes=size,
            language=language_of(document.text),
            attributes=self._attributes(origin),
        )
        return method.enrich(entry) if method.enrich else entry

    def _tell_reading(self) -> None:
        # Of those that are read ahead, the one that the rest waits for.
        if self._reading:
            self._watcher.reading(self._reading[0][0])

    @cached_property
    def _sizes(self) -> Sizes:
        sizes = self._method.sizes
        most = self._method.most_tokens() if self._method.most_tokens else sizes.tokens
        if most >= sizes.tokens:
            return sizes
        return replace(sizes, tokens=most, overlap=min(sizes.overlap, most - 1))

    def _refuse(self, origin: Origin, reason: str) -> None:
        self._watcher.done(Outcome(origin.source, "refused", reason=reason))

    def _made(self, origin: Origin) -> str:
        attributes = {name: list(values) for name, values in sorted(self._attributes(origin).items())}
        return f"{self._method.made} {json.dumps(attributes, ensure_ascii=False)}"

    def _attributes(self, origin: Origin) -> Mapping[str, Sequence[str]]:
        """The user's own: those given now, or else those that were given before."""
        known = self._known.get(origin.source)
        if origin.attributes or known is None or "{" not in known.made:
            return origin.attributes
        # Not those of the document, which has more of them when it was enriched.
        before: Mapping[str, Sequence[str]]
        before, _ = json.JSONDecoder().raw_decode(known.made, known.made.index("{"))
        return before
