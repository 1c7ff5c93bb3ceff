"""Replies on disk, one file each, shared by every process.

Our own, because an HTTP cache such as hishel stores whole requests, keys and questions included, and needs
freshness from headers that most of these services do not send.
"""

import datetime
import hashlib
import logging
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ValidationError

__all__ = ["MAX_BODY_BYTES", "Cache", "Entry"]

MAX_BODY_BYTES = 2_000_000
_FORM = 1
_LONGEST_HEAD = 2_000
_SUFFIX = ".reply"
# No other program calls its files so: old ones are deleted.
_UNFINISHED = ".reply-part"
_UNFINISHED_SECONDS = 600
_WRITES_BETWEEN_CLEANINGS = 50

_log = logging.getLogger("tao_servers.weather")


@dataclass(frozen=True, slots=True)
class Entry:
    """A reply, when it was fetched and until when it is fresh (UTC), and what to ask whether it changed."""

    body: bytes
    fetched: datetime.datetime
    expires: datetime.datetime
    etag: str = ""
    modified: str = ""


class _Head(BaseModel):
    form: int
    fetched: AwareDatetime
    expires: AwareDatetime
    etag: str = ""
    modified: str = ""
    digest: str


class Cache:
    """A folder of at most `files` entries and `size` bytes, from which the oldest go first.

    It never raises: what cannot be read is fetched again, and a folder that cannot be written only costs
    the cache.
    """

    def __init__(self, folder: Path, *, files: int = 2_000, size: int = 50_000_000) -> None:
        self._folder = folder
        self._files = files
        self._size = size
        self._writes = 0
        self._told = False

    def read(self, key: str) -> Entry | None:
        """The entry of `key`, fresh or not; one that is damaged is dropped."""
        try:
            with self._path(key).open("rb") as file:
                content = file.read(MAX_BODY_BYTES + _LONGEST_HEAD + 1)
        except OSError:
            return None
        entry = _unpacked(content)
        if entry is None:
            self.drop(key)
        return entry

    def write(self, key: str, entry: Entry) -> None:
        """Put the entry in the place of the one before, whole or not at all."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self._writes % _WRITES_BETWEEN_CLEANINGS == 0:
                self._clean()
            self._writes += 1
            self._replace(self._path(key), _packed(entry))
        except OSError as exc:
            self._tell(exc)

    def drop(self, key: str) -> None:
        """Forget the entry of `key`."""
        with suppress(OSError):
            self._path(key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}{_SUFFIX}"

    def _replace(self, path: Path, content: bytes) -> None:
        with tempfile.NamedTemporaryFile(dir=self._folder, suffix=_UNFINISHED, delete=False) as file:
            unfinished = Path(file.name)
            try:
                file.write(content)
                file.close()
                unfinished.replace(path)
            except BaseException:
                file.close()
                unfinished.unlink(missing_ok=True)
                raise

    def _clean(self) -> None:
        """Make room for the next writes, and remove what a process that was killed left unfinished."""
        now = time.time()
        files = size = 0
        for changed, length, path in sorted(self._listed(), reverse=True):
            if path.suffix == _UNFINISHED:
                if now - changed > _UNFINISHED_SECONDS:
                    path.unlink(missing_ok=True)
                continue
            files += 1
            size += length
            if files > self._files - _WRITES_BETWEEN_CLEANINGS or size > self._size:
                path.unlink(missing_ok=True)

    def _listed(self) -> Iterator[tuple[float, int, Path]]:
        for path in self._folder.iterdir():
            if path.suffix in (_SUFFIX, _UNFINISHED):
                # Another process may be cleaning as well.
                with suppress(FileNotFoundError):
                    status = path.stat()
                    yield status.st_mtime, status.st_size, path

    def _tell(self, exc: OSError) -> None:
        if not self._told:
            fields = {"folder": str(self._folder), "reason": exc.strerror or type(exc).__name__}
            _log.warning("Weather is not cached: the folder cannot be written.", extra={"fields": fields})
        self._told = True


def _packed(entry: Entry) -> bytes:
    head = _Head(
        form=_FORM,
        fetched=entry.fetched,
        expires=entry.expires,
        etag=entry.etag,
        modified=entry.modified,
        digest=_digest(entry.body),
    )
    return head.model_dump_json().encode() + b"\n" + entry.body


def _unpacked(content: bytes) -> Entry | None:
    line, _, body = content.partition(b"\n")
    try:
        head = _Head.model_validate_json(line)
    except ValidationError:
        return None
    if head.form != _FORM or head.digest != _digest(body):
        return None
    return Entry(body, head.fetched, head.expires, head.etag, head.modified)


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
