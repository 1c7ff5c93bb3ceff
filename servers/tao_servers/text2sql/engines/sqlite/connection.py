"""Opens a SQLite file so that nothing done through the connection can change it."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tao_servers.text2sql.errors import SetupError
from tao_servers.text2sql.stopping import Stop

__all__ = ["Deadline", "open_database", "quoted"]

_MAGIC = b"SQLite format 3\x00"
_BUSY_SECONDS = 2.0
# Checks every 50 made honest aggregates 20 to 40 % slower, every 300 at most 8 %.
_INSTRUCTIONS_BETWEEN_CHECKS = 300


class Deadline:
    """Stops the statements of a connection after `seconds`, or when the work is cancelled."""

    def __init__(self, seconds: float, stop: Stop) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds
        self._stop = stop

    def watch(self, connection: sqlite3.Connection) -> None:
        """Have SQLite ask every few hundred instructions whether to go on."""
        connection.set_progress_handler(self.is_over, _INSTRUCTIONS_BETWEEN_CHECKS)

    @property
    def was_cancelled(self) -> bool:
        """Whether it was the caller who ended the work."""
        return self._stop.is_set

    def is_over(self) -> bool:
        """Whether no more may be done."""
        return time.monotonic() >= self._end or self._stop.is_set


@contextmanager
def open_database(path: Path) -> Iterator[sqlite3.Connection]:
    """Open `path` for reading only, and close it at the end of the block.

    Raises:
        SetupError: the file is missing, empty, no SQLite database, or may not be read.
    """
    _check_file(path)
    uri = f"{path.absolute().as_uri()}?mode=ro"
    try:
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_BUSY_SECONDS)
    except sqlite3.Error as exc:
        raise SetupError(f"The database {str(path)!r} cannot be opened: {exc}.") from exc
    with closing(connection):
        # Text that is no UTF-8 must not make its whole row unreadable.
        connection.text_factory = _text
        try:
            # A view of an untrusted file may call no function that has side effects.
            connection.executescript("PRAGMA query_only = ON; PRAGMA trusted_schema = OFF;")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.Error as exc:
            raise SetupError(
                f"The database {str(path)!r} cannot be read: {exc}. Check that it is whole, that no other"
                " program holds it locked, and that its folder may be read."
            ) from exc
        yield connection


def quoted(name: str) -> str:
    """A table or column name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _check_file(path: Path) -> None:
    what = f"The database {str(path)!r}"
    advice = "Give the path of a SQLite file (--database, or --db of ask)."
    try:
        if not path.exists():
            raise SetupError(f"{what} does not exist. {advice}")
        if not path.is_file():
            raise SetupError(f"{what} is not a file. {advice}")
        with path.open("rb") as file:
            head = file.read(len(_MAGIC))
    except (OSError, ValueError) as exc:
        raise SetupError(f"{what} cannot be read: {exc}. {advice}") from exc
    if not head:
        raise SetupError(f"{what} is empty. {advice}")
    if head != _MAGIC:
        raise SetupError(f"{what} is not a SQLite 3 database, or is encrypted. {advice}")
