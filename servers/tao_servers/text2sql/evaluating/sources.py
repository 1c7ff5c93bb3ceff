"""Opens the databases of a data set as the questions come to them."""

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from tao_servers.text2sql.database import Database
from tao_servers.text2sql.source import Source

__all__ = ["Sources"]


class Sources:
    """Databases by their files, with the limits that tools have; `with` closes them at the end."""

    def __init__(self) -> None:
        self._opened: dict[Path, Source] = {}

    def of(self, file: Path) -> Source:
        """The database in a file; the same one each time."""
        found = self._opened.get(file)
        if found is None:
            found = self._opened[file] = Source(Database(file.stem, str(file.absolute())))
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        with ExitStack() as closing:
            for source in self._opened.values():
                closing.callback(source.close)
