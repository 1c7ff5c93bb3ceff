"""Takes the corpus of a data set into a collection of its own, by the way that all documents go."""

import hashlib
import json
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tao.models.embeddings import Embedder
from tao.settings import cache_dir
from tao_servers.knowledge.evaluating.dataset import Dataset, DatasetError
from tao_servers.knowledge.evaluating.run import Question
from tao_servers.knowledge.index import Place
from tao_servers.knowledge.ingesting.intake import Plan, settle
from tao_servers.knowledge.ingesting.origin import Origin
from tao_servers.knowledge.ingesting.pipeline import Method
from tao_servers.knowledge.ingesting.upgrading import UpgradeWatcher, upgrade

if TYPE_CHECKING:
    from tao_servers.knowledge.ingesting.summary import Intake

__all__ = ["Survey", "own_place", "strengthen", "survey", "take_in_corpus"]

# Raise it when `_origins` makes something else of a record: collections made before are not used then.
_FORM = 1


@dataclass(frozen=True, slots=True)
class Survey:
    """What is in a corpus: a digest of all of it, and the ids of its documents."""

    digest: str
    ids: frozenset[str]

    def missing(self, questions: Iterable[Question]) -> int:
        """How many documents that were judged relevant are not in the corpus."""
        grades = (pair for question in questions for pair in question.relevances.items())
        return len({id_ for id_, grade in grades if grade > 0} - self.ids)


def survey(dataset: Dataset) -> Survey:
    """Read the corpus once.

    Raises:
        DatasetError: a line of it is wrong.
    """
    digest, ids = hashlib.sha256(), set()
    for record in dataset.corpus:
        digest.update(json.dumps([record.id, record.title, record.text]).encode())
        ids.add(record.id)
    return Survey(digest.hexdigest(), frozenset(ids))


def own_place(found: Survey, embedder: Embedder, method: Method) -> Place:
    """Where a corpus is kept in the cache folder: a collection for each embedder and way of cutting."""
    key = json.dumps([_FORM, found.digest, embedder.name, method.made])
    return Place(cache_dir() / "evals", f"eval-{hashlib.sha256(key.encode()).hexdigest()[:16]}")


def take_in_corpus(dataset: Dataset, found: Survey, plan: Plan) -> "Intake":
    """Ingest each record as a document of its own, whose source is its id; what is there already stays.

    Raises:
        DatasetError: the corpus has changed meanwhile.
        StoreError: the collection cannot be written.
        ConfigError, ModelError: the embedder is not there, or fails.
    """
    intake = plan.intake()
    with intake.timed():
        settle(_origins(dataset), len(found.ids), plan, intake, lost=lambda sources: [])
    if intake.interrupted:
        raise KeyboardInterrupt
    if {outcome.source for outcome in intake.outcomes} != found.ids:
        raise DatasetError(f"{str(dataset.corpus_file)!r} was changed while it was read. Run it again.")
    return intake


def _origins(dataset: Dataset) -> Iterator[Origin]:
    for number, record in enumerate(dataset.corpus, start=1):
        # Read as any JSON lines, but without its id, which would be embedded and found by.
        line = json.dumps({"title": record.title, "text": record.text}, ensure_ascii=False)
        yield Origin(record.id, f"{number}.jsonl", data=line.encode())


def strengthen(
    place: Place, embedder: Embedder, strong: Embedder, progress: Callable[[int, int], None]
) -> None:
    """Give the collection the vectors of `strong`; `progress` is told how many of how many chunks have them.

    Raises:
        StoreError: the collection cannot be used.
        ConfigError, ModelError: the embedder is not there, or fails.
    """
    upgrade(place, embedder, strong, watcher=_Watcher(progress), stop=threading.Event())


class _Watcher(UpgradeWatcher):
    def __init__(self, progress: Callable[[int, int], None]) -> None:
        self._progress = progress

    def progress(self, done: int, total: int) -> None:
        self._progress(done, total)
