"""The file of one database's examples: JSON lines that people may edit and processes share."""

import json
import logging
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from tao_servers.text2sql.errors import SetupError
from tao_servers.text2sql.examples.example import Example

__all__ = ["Line", "PairFile", "line_of"]

_LOG = logging.getLogger(__name__)

_MARK = b"\xef\xbb\xbf"
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Line:
    """One line: as it stands in the file, and the example that it holds; None where it is damaged."""

    raw: bytes
    example: Example | None
    database: str | None = None


class PairFile:
    """A file that is always whole: it is only ever replaced, by one process at a time.

    Raises:
        SetupError: it cannot be read or written; the text says where it is.
    """

    def __init__(self, path: Path, *, seconds: float = 10.0) -> None:
        self.path = path
        self._seconds = seconds
        self._warned: list[int] = []

    def stamp(self) -> tuple[int, ...] | None:
        """Something that differs once the file has changed; None where there is none."""
        with _told(self.path):
            try:
                stat = self.path.stat()
            except FileNotFoundError:
                return None
        return (stat.st_mtime_ns, stat.st_size, stat.st_ino)

    def read(self) -> list[Line]:
        """Its lines, those that are damaged too; they are told of in a warning, once."""
        with _told(self.path):
            try:
                content = self.path.read_bytes()
            except FileNotFoundError:
                return []
        lines = [_line(raw) for raw in content.removeprefix(_MARK).split(b"\n")]
        damaged = [number for number, line in enumerate(lines, 1) if line.raw and line.example is None]
        if damaged and damaged != self._warned:
            named = ", ".join(map(str, damaged[:_MOST_NAMED])) + (
                ", ..." if len(damaged) > _MOST_NAMED else ""
            )
            _LOG.warning(
                "%s: line %s cannot be read as an example and is left as it is; a line is"
                ' {"question": "...", "sql": "..."}.',
                self.path,
                named,
            )
        self._warned = damaged
        return [line for line in lines if line.raw]

    def write(self, lines: Sequence[Line]) -> None:
        """Replace the file; to be called only while it is `held`."""
        with _told(self.path):
            # mkstemp makes it with mode 0600, which the replaced file then has.
            descriptor, fresh = tempfile.mkstemp(dir=self.path.parent, suffix=".new")
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.writelines(line.raw + b"\n" for line in lines)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(fresh, self.path)
            except BaseException:
                with suppress(FileNotFoundError):
                    os.unlink(fresh)
                raise

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep the other writers away, from the reading on."""
        with _told(self.path):
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = FileLock(self.path.with_suffix(".lock"), poll_interval=0.01)
            try:
                lock.acquire(timeout=self._seconds)
            except Timeout as exc:
                raise SetupError(
                    f"Another process is writing to {str(self.path)!r}. Wait until it ends, and try again."
                ) from exc
        try:
            yield
        finally:
            lock.release()


def line_of(example: Example, database: str) -> Line:
    """A line for a new example."""
    values = {"database": database, "question": example.question, "sql": example.sql}
    return Line(json.dumps(values, ensure_ascii=False).encode(), example, database)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise SetupError(
            f"The examples in {str(path)!r} cannot be used: {exc.strerror or exc}. Make its folder readable"
            " and writable, and see that the disk has room."
        ) from exc


def _line(raw: bytes) -> Line:
    if not raw.strip():
        return Line(b"", None)
    try:
        value = json.loads(raw.decode())
        question, sql, database = value["question"], value["sql"], value.get("database")
        # Half a surrogate pair can be written as an escape, and nowhere else.
        found = Example(_text(question), _text(sql))
        return Line(raw, found, database if isinstance(database, str) else None)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Line(raw, None)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("no text")
    value.encode()
    return value.strip()
