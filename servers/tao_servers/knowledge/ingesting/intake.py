"""One run of `tao-knowledge ingest`, from what the user named to a summary."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO, TextIO

from tao.models.embeddings import Embedder
from tao_servers.knowledge.index import Place, Source, open_writer
from tao_servers.knowledge.index.catalogue import open_catalogue
from tao_servers.knowledge.index.collection import check_embedder
from tao_servers.knowledge.index.errors import translated
from tao_servers.knowledge.ingesting.gathering import Targets, gather, gone, not_to_prune, piped
from tao_servers.knowledge.ingesting.origin import Origin
from tao_servers.knowledge.ingesting.pipeline import Method, ingest, rehearse
from tao_servers.knowledge.ingesting.progress import Notes, shown
from tao_servers.knowledge.ingesting.summary import Intake
from tao_servers.knowledge.ingesting.web import Web
from tao_servers.knowledge.loading import RefusedError, find_files

if TYPE_CHECKING:
    import httpx

__all__ = ["Plan", "settle", "take_in"]


@dataclass(frozen=True, slots=True)
class Plan:
    """Where documents go, how they are read, and what may happen.

    Another process may write to the collection for `wait` seconds: an upgrade in the background does so for a
    moment now and then. `stream` is where progress is shown.
    """

    place: Place
    embedder: Embedder
    method: Method
    attributes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    prune: bool = False
    dry_run: bool = False
    wait: float = 10.0
    stream: TextIO = field(default_factory=lambda: sys.stderr)

    def intake(self) -> Intake:
        """An empty summary."""
        return Intake(self.place.store, self.place.name, self.dry_run)


def take_in(
    targets: Targets,
    plan: Plan,
    intake: Intake,
    *,
    piped_name: str = "stdin.txt",
    stdin: BinaryIO | None = None,
    transport: "httpx.AsyncBaseTransport | None" = None,
) -> None:
    """Ingest what `targets` name; `intake` is filled on the way.

    Ctrl-C ends it early: documents not yet written are left out as a whole, those that are stay.

    Raises:
        TargetError: `piped_name` is no file name.
        StoreError: the collection cannot be written.
        ConfigError, ModelError: a model is not there, or fails.
    """
    with intake.timed():
        files = find_files(targets.paths)
        intake.note(files)
        options = plan.method.options
        web = Web(options.max_bytes, plan.method.seconds, plan.attributes, transport)
        origins = gather(
            files.paths, targets.urls, attributes=plan.attributes, fetch=web.fetch, refuse=intake.refuse
        )
        total = len(files.paths) + len(targets.urls)
        if targets.piped:
            origins = chain(_piped(stdin or sys.stdin.buffer, piped_name, plan, intake), origins)
            total += 1
        if plan.prune:
            intake.kept = not_to_prune(targets.folders, files)
        pruned = targets.folders if plan.prune and not intake.kept else ()
        if total or (pruned and plan.place.catalogue.is_file()):
            settle(origins, total, plan, intake, lost=lambda sources: gone(sources, pruned, files))


def _piped(stream: BinaryIO, name: str, plan: Plan, intake: Intake) -> list[Origin]:
    try:
        return [piped(stream, name, limit=plan.method.options.max_bytes, attributes=plan.attributes)]
    except RefusedError as exc:
        intake.refuse(name, str(exc))
        return []


def settle(
    origins: Iterable[Origin],
    total: int,
    plan: Plan,
    intake: Intake,
    *,
    lost: Callable[[Sequence[Source]], list[Source]],
) -> None:
    """Ingest `total` origins, and remove the sources that are `lost` among those of the collection."""
    with shown(intake, total, plan.stream) as watcher:
        if plan.dry_run:
            _rehearse(origins, plan, watcher, lost)
            return
        with open_writer(plan.place, plan.embedder, wait=plan.wait) as writer:
            ingest(origins, writer, plan.method, watcher=watcher)
            if documents := lost(writer.sources()):
                writer.remove([document.id for document in documents])
                intake.removed += [document.source for document in documents]


def _rehearse(
    origins: Iterable[Origin],
    plan: Plan,
    watcher: Notes,
    lost: Callable[[Sequence[Source]], list[Source]],
) -> None:
    known: list[Source] = []
    if plan.place.catalogue.is_file():
        place = plan.place
        with translated(place.folder), open_catalogue(place.catalogue, write=False) as catalogue:
            check_embedder(catalogue, place, plan.embedder)
            known = catalogue.sources()
    rehearse(origins, known, plan.method, watcher=watcher)
    watcher.intake.removed += [document.source for document in lost(known)]
