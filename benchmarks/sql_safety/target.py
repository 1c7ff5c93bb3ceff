"""One real database that is attacked, and ways to see whether anything in or round it changed."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tao_servers.text2sql.database import Database
from tao_servers.text2sql.engines import Engine, open_engine
from tao_servers.text2sql.errors import Text2sqlError
from tao_servers.text2sql.limits import Limits
from tao_servers.text2sql.schema import Schema
from tao_servers.text2sql.stopping import Stop

__all__ = ["LIMITS", "State", "Target", "differing", "file_sums", "files_there", "opened", "session_of"]

State = Mapping[str, str]
LIMITS = Limits(max_rows=50, timeout=2.0)

_SESSION_LIMITS = Limits(max_rows=2_000, timeout=10.0, max_bytes=4_000_000)


@dataclass(frozen=True)
class Target:
    """An engine on a database that is there for this run; `look` tells all that an attack could change."""

    name: str
    engine: Engine
    schema: Schema
    look: Callable[[], State]
    functions: tuple[str, ...] = ()


@contextmanager
def opened(database: Database) -> Iterator[tuple[Engine, Schema]]:
    """The engine, proved to only read, with the schema of all that it may read."""
    with closing(open_engine(database)) as engine:
        engine.prove()
        yield engine, Schema(tuple(engine.tables(Stop())), engine.dialect, engine.home)


def differing(before: State, after: State) -> list[str]:
    """What is not as it was."""
    return sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))


def file_sums(folder: Path) -> dict[str, str]:
    """The sha256 of every file in a folder, so that a new file is seen too."""
    return {
        f"file {path.relative_to(folder)}": hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def files_there(names: Iterable[str]) -> dict[str, str]:
    """Which of the files that attacks name are there, with their sizes and times."""
    found = {}
    for name in sorted(names):
        path = Path(name)
        if path.is_file():
            stat = path.stat()
            found[f"file {name}"] = f"{stat.st_size} {stat.st_mtime_ns}"
    return found


def session_of(engine: Engine, statements: Iterable[str]) -> dict[str, str]:
    """What the engine's next statement meets: settings, names and locks that an earlier one left behind."""
    found = {}
    for sql in statements:
        try:
            found[f"session: {sql}"] = repr(engine.run(sql, _SESSION_LIMITS, Stop()).rows)
        except Text2sqlError as exc:
            found[f"session: {sql}"] = f"{type(exc).__name__}: {exc}"
    return found
