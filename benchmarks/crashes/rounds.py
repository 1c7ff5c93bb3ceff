"""Kill, look, change the documents, and again; in the end everything must be there."""

import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.crashes.folder import Folder, generations, marks
from benchmarks.crashes.killing import environment, ingest, killed, tao_knowledge
from benchmarks.crashes.looking import fell, texts
from tao.models.embeddings import BundledEmbedder
from tao_servers.knowledge.index import Collection, EmptyStoreError, Place, Source, open_collection
from tao_servers.knowledge.index.locks import writer_lock
from tao_servers.knowledge.retrieving import Searcher

__all__ = ["Findings", "Rounds", "run", "searched_meanwhile"]

_LOST_VECTORS = 5
_NEAREST = 10


@dataclass
class Findings:
    """What a run found; `notes` has a line for each thing that is wrong."""

    kills: int = 0
    fell: Counter[str] = field(default_factory=Counter)
    half_indexed: int = 0
    lost: int = 0
    disagreements: int = 0
    orphans: int = 0
    checks: int = 0
    reader: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.half_indexed or self.lost or self.disagreements or self.orphans or self.notes)


class Rounds:
    """Documents and a collection in `home`, which are changed and ingested and killed."""

    def __init__(self, home: Path, *, seed: int, documents: int) -> None:
        self.place = Place(home / "store")
        self.found = Findings()
        self._home = home
        self._chance = random.Random(seed)
        self._folder = Folder(home / "documents", self._chance, documents=documents)
        self._embedder = BundledEmbedder()
        # Generations that were live, and those that the ingest since then may have put in their place.
        self._live: dict[int, int] = {}
        self._longest = 5.0
        self._damaged = False

    def kill(self) -> None:
        """One kill and what is found after it; the documents have changed before."""
        while not (
            kill := killed(
                self.place, self._folder.path, home=self._home, chance=self._chance, life=self._longest
            )
        ):
            self._look("finished")
            self._folder.change()
        self._longest = max(2.0, 0.9 * self._longest, kill.after)
        self.found.kills += 1
        phase = fell(self.place, self._embedder.name, reading=kill.reading)
        self.found.fell[phase] += 1
        if kill.orphans:
            self.found.orphans += kill.orphans
        self._look(phase)
        # Not each time: the next ingest is to meet, and be killed over, what this one has left.
        if self._chance.random() < 0.5:
            self._check()
            if self._chance.random() < 0.3:
                self._lose_vectors()
        self._folder.change()

    def finish(self) -> None:
        """Ingest without a kill; now everything is there and is found."""
        done = tao_knowledge(*ingest(self.place, self._folder.path), home=self._home)
        if done.returncode:
            self.found.notes.append(f"the last ingest: {done.stderr[-300:]}")
        self._look("the end")
        self._check()
        wanted = {
            d: generation for d, generation in self._folder.generation.items() if generation is not None
        }
        if self._live != wanted:
            self._wrong("lost", f"at the end: {self._live} instead of {wanted}")
        with open_collection(self.place, self._embedder) as collection:
            for document in wanted:
                self._find_by_word(collection, document)
            for source in collection.sources():
                self._find_by_vectors(collection, source)

    def _find_by_word(self, collection: Collection, document: int) -> None:
        hits = collection.matching(self._folder.code(document), _NEAREST)
        seen = collection.passages([id_ for id_, _ in hits]).values()
        if not any(document in {mark[0] for mark in marks(passage.chunk.text)} for passage in seen):
            self._wrong("lost", f"document {document} is not found by its word")

    def _find_by_vectors(self, collection: Collection, source: Source) -> None:
        passages = list(collection.catalogue.indexed([source.id]))
        vectors = self._embedder.embed([passage.indexed_text for passage in passages])
        for passage, vector in zip(passages, vectors, strict=True):
            if passage.id not in {id_ for id_, _ in collection.nearest(vector, _NEAREST)}:
                self._wrong("lost", f"{source.source}: the chunk {passage.id} is not found by its vector")

    def _look(self, phase: str) -> None:
        if not self.place.catalogue.is_file():
            return
        live, torn = generations(texts(self.place))
        if torn:
            self._wrong("half_indexed", f"{phase}: not whole: {torn}")
        for document, before in self._live.items():
            allowed = {before, self._folder.generation[document]}
            if live.get(document) not in allowed:
                self._wrong("lost", f"{phase}: {document} is {live.get(document)}, not one of {allowed}")
        for document in live.keys() - self._live.keys():
            if live[document] != self._folder.generation[document]:
                self._wrong("half_indexed", f"{phase}: {document} is back as {live[document]}")
        self._live = live
        self._search(phase)

    def _search(self, phase: str) -> None:
        try:
            with Searcher(self.place, self._embedder) as searcher:
                matches = searcher.search("茶叶 in the harbour", 5)
        except EmptyStoreError:
            if self._live:
                self._wrong("lost", f"{phase}: told to be empty")
            return
        except Exception as exc:
            # Whatever it is, it is a finding, and the next round goes on.
            self.found.notes.append(f"{phase}: {type(exc).__name__}: {exc}")
            return
        if any(len({mark[:2] for mark in marks(match.text)}) != 1 for match in matches):
            self._wrong("half_indexed", f"{phase}: {[match.text for match in matches]}")

    def _check(self) -> None:
        repair = ["--repair"] if self._damaged else []
        done = tao_knowledge("check", "--json", *repair, "--store", self.place.store, home=self._home)
        self.found.checks += 1
        if not self.place.catalogue.is_file():
            return
        told = json.loads(done.stdout) if done.stdout else {}
        if not (told.get("agree") or (self._damaged and told.get("repaired"))):
            self._wrong("disagreements", f"check: {done.stdout} {done.stderr[-300:]}")
        self._damaged = False

    def _lose_vectors(self) -> None:
        """As a bad disk would: the next writer mends it, and may be killed over that."""
        with writer_lock(self.place.folder), self.place.vectors(self._embedder.name, write=True) as vectors:
            vectors.delete(sorted(vectors.ids())[:_LOST_VECTORS])
        self._damaged = True

    def _wrong(self, kind: str, note: str) -> None:
        setattr(self.found, kind, getattr(self.found, kind) + 1)
        self.found.notes.append(note)


@contextmanager
def searched_meanwhile(rounds: Rounds, home: Path) -> Iterator[None]:
    """Another process searches all the time; what it met goes to the findings."""
    command = [sys.executable, "-m", "benchmarks.crashes.reader", str(rounds.place.store)]
    with subprocess.Popen(
        command,
        env=environment(home),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as reader:
        try:
            yield
        finally:
            out, err = reader.communicate(timeout=60)
    found = rounds.found
    if reader.returncode:
        found.notes.append(f"the reader ended with {reader.returncode}: {err[-500:]}")
        return
    found.reader = json.loads(out)
    found.half_indexed += found.reader["half"]
    found.notes += [f"the reader: {error} ({n} times)" for error, n in found.reader["errors"].items()]


def run(home: Path, *, kills: int, seed: int, documents: int) -> tuple[Findings, float]:
    """Kill so often; returns what was found and the seconds that it took."""
    began = time.monotonic()
    rounds = Rounds(home, seed=seed, documents=documents)
    with searched_meanwhile(rounds, home):
        for _ in range(kills):
            rounds.kill()
        rounds.finish()
    return rounds.found, time.monotonic() - began
