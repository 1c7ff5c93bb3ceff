"""Takes a corpus in by the real command, as a user who has set nothing, and keeps what came of it."""

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mcp import StdioServerParameters

from tao.settings import KnowledgeSettings
from tao_servers.knowledge.index.strength import Totals
from tao_servers.knowledge.ingesting.upgrade_choice import upgraded_by_itself
from tao_servers.knowledge.opening import strong_name

__all__ = ["BenchmarkError", "Collection", "take_in", "upgrades"]

_NAME = "benchmark"
# What decides how a corpus is cut and embedded; other settings leave a kept collection as good as it was.
_DECIDING = ("embedder", "upgrade", "splitter", "chunk_tokens", "overlap_tokens", "ocr", "enrich")
_INGEST_SECONDS = 3600.0
_UPGRADE_SECONDS = 4 * 3600.0
_LOOK_SECONDS = 2.0


class BenchmarkError(Exception):
    """A command or the server did not do what it is for; the text has what it said."""


class Collection:
    """A corpus in a folder of its own: the file, the store, and the folders of a user who set nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "corpus.jsonl"
        self._kept = folder / "seconds.json"
        self._ingested = time.perf_counter()

    @property
    def seconds(self) -> dict[str, float]:
        """How long the ingest and the upgrade took, when they were made."""
        if not self._kept.is_file():
            return {}
        read: dict[str, float] = json.loads(self._kept.read_text(encoding="utf-8"))
        return read

    def ingest(self) -> None:
        """Run `tao-knowledge ingest`, which does nothing where the corpus is unchanged.

        Raises:
            BenchmarkError: it failed.
        """
        begun = time.perf_counter()
        done = self._run("ingest", str(self.file), *self._where(), "--json")
        self._ingested = time.perf_counter()
        summary = json.loads(done.splitlines()[-1])
        if summary["chunks"]:
            self._note(ingest_s=self._ingested - begun, chunks=summary["chunks"])

    def wait(self) -> None:
        """Wait until the stronger embedder, where the defaults have one, has embedded everything.

        Raises:
            BenchmarkError: it failed, or took longer than four hours.
        """
        looked = self._status()
        waited = bool(looked["running"])
        while looked["running"]:
            if time.perf_counter() - self._ingested > _UPGRADE_SECONDS:
                raise BenchmarkError(f"The upgrade of {self.folder} did not end within four hours: {looked}")
            time.sleep(_LOOK_SECONDS)
            looked = self._status()
        totals = Totals(documents=0, chunks=0, indexed=looked["of"], upgraded=looked["upgraded"])
        if upgrades() and totals.upgraded < totals.indexed and upgraded_by_itself(totals):
            # One that was killed, or that an earlier run did not wait for.
            self._run("upgrade", *self._where())
            waited, looked = True, self._status()
        if looked["last_error"]:
            raise BenchmarkError(f"The upgrade failed: {looked['last_error']}")
        if waited:
            self._note(upgrade_s=time.perf_counter() - self._ingested)

    def server(self, **settings: str) -> StdioServerParameters:
        """How the server over this collection is started; `settings` are environment variables."""
        return StdioServerParameters(
            command=sys.executable,
            args=["-m", "tao_servers.knowledge", *self._where()],
            env=_environment(self.folder) | settings,
            cwd=self.folder,
        )

    def _where(self) -> Sequence[str]:
        return ["--store", str(self.folder / "store"), "--collection", _NAME]

    def _status(self) -> dict[str, Any]:
        rows = json.loads(self._run("status", "--store", str(self.folder / "store"), "--json"))
        status: dict[str, Any] = next(row for row in rows if row["collection"] == _NAME)
        return status

    def _note(self, **seconds: float) -> None:
        noted = self.seconds | {name: round(value, 1) for name, value in seconds.items()}
        self._kept.write_text(json.dumps(noted), encoding="utf-8")

    def _run(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "tao_servers.knowledge", *arguments]
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=_INGEST_SECONDS,
            check=False,
            cwd=self.folder,
            env=_environment(self.folder),
        )
        if done.returncode:
            said = done.stderr.strip()[-500:]
            raise BenchmarkError(f"`tao-knowledge {arguments[0]}` ended with {done.returncode}: {said}")
        return done.stdout


def upgrades() -> bool:
    """Whether a stronger embedder takes over later where nothing is set."""
    return strong_name(KnowledgeSettings()) is not None


def take_in(data: bytes, cache: Path) -> Collection:
    """The collection of a corpus, from `cache` where it was made before.

    It is found by the corpus and by the settings that decide how it is cut and embedded. The upgrade, where
    the defaults start one, may still go on.

    Raises:
        BenchmarkError: the corpus cannot be ingested.
    """
    settings = KnowledgeSettings()
    deciding = json.dumps({name: getattr(settings, name) for name in _DECIDING})
    key = hashlib.sha256(data + deciding.encode()).hexdigest()[:12]
    collection = Collection((cache / key).absolute())
    collection.folder.mkdir(parents=True, exist_ok=True)
    # A copy: a document is known by its path, and the data may lie elsewhere next time.
    if not collection.file.is_file() or collection.file.read_bytes() != data:
        collection.file.write_bytes(data)
    collection.ingest()
    return collection


def _environment(folder: Path) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("TAO_")}
    home = folder / "home"
    home.mkdir(exist_ok=True)
    hub = os.environ.get("HF_HOME") or str(Path.home() / ".cache" / "huggingface")
    kinds = ("CONFIG", "DATA", "STATE", "CACHE")
    return ours | {"HOME": str(home), "HF_HOME": hub} | {f"XDG_{kind}_HOME": str(home) for kind in kinds}
