"""What an address means: one DuckDB file, or files of data."""

import glob
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from tao_servers.text2sql.errors import SetupError

__all__ = ["DATA_SUFFIXES", "WORKBOOK_SUFFIXES", "DataFiles", "Stamp", "locate", "stamp_of"]

WORKBOOK_SUFFIXES = frozenset({".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"})
DATA_SUFFIXES = WORKBOOK_SUFFIXES | {".csv", ".tsv", ".parquet", ".json", ".jsonl", ".ndjson"}

_SCHEME = re.compile(r"duckdb:(?://)?", re.IGNORECASE)
_MOST_FILES = 1_000
_MAGIC = b"DUCK"
_MAGIC_AT = 8

Stamp = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class DataFiles:
    """Files that are tables, in the order of their names."""

    paths: tuple[Path, ...]


def locate(address: str) -> Path | DataFiles:
    """The DuckDB file, or the files of data, that are there now.

    `duckdb:///a.db` is relative to the current folder, `duckdb:////a.db` is not; a path alone will do.
    Patterns such as `data/*.csv` and folders stand for the data files there.

    Raises:
        SetupError: there is no such file, it is no DuckDB database, or a folder has no data files.
    """
    text = _path_in(address)
    path = Path(text).expanduser()
    try:
        if path.is_dir():
            return _several(path, (p for p in path.iterdir() if not p.name.startswith(("~$", "."))))
        if not path.exists() and glob.has_magic(text):
            return _several(path, (Path(found) for found in glob.glob(str(path))))
        if not path.is_file():
            raise SetupError(f"The file {str(path)!r} does not exist. {_ADVICE}")
        if path.suffix.lower() in DATA_SUFFIXES:
            return DataFiles((path.absolute(),))
        return _checked(path)
    except (OSError, ValueError) as exc:
        raise SetupError(f"The file {str(path)!r} cannot be read: {exc}. {_ADVICE}") from exc


def stamp_of(found: Path | DataFiles) -> Stamp:
    """Something that differs once a file was changed, added or taken away.

    Raises:
        SetupError: a file has gone in the meantime.
    """
    # What another program has written but not yet merged stands in the log beside a database.
    paths = found.paths if isinstance(found, DataFiles) else (found, found.with_name(f"{found.name}.wal"))
    stamps = []
    for path in paths:
        try:
            seen = path.stat()
        except FileNotFoundError as exc:
            if path.suffix == ".wal":
                continue
            raise SetupError(f"The file {str(path)!r} is no longer there. {_ADVICE}") from exc
        except OSError as exc:
            raise SetupError(f"The file {str(path)!r} cannot be read: {exc}. {_ADVICE}") from exc
        stamps.append((str(path), seen.st_mtime_ns, seen.st_size))
    return tuple(stamps)


_ADVICE = (
    "Give the path of a DuckDB file, of a csv, tsv, parquet, json, jsonl or xlsx file, a pattern such as"
    " data/*.csv, or a folder of such files."
)


def _path_in(address: str) -> str:
    scheme = _SCHEME.match(address)
    if not scheme:
        return address
    text = unquote(address[scheme.end() :].partition("?")[0].removeprefix("/"))
    if text in {"", ":memory:"}:
        raise SetupError(f"A DuckDB database in memory has no tables. {_ADVICE}")
    return text


def _several(where: Path, candidates: Iterable[Path]) -> DataFiles:
    paths = sorted(p.absolute() for p in candidates if p.suffix.lower() in DATA_SUFFIXES and p.is_file())
    if not paths:
        raise SetupError(f"There are no data files at {str(where)!r}. {_ADVICE}")
    if len(paths) > _MOST_FILES:
        raise SetupError(
            f"There are {len(paths):,} data files at {str(where)!r}; at most {_MOST_FILES:,} are read."
        )
    return DataFiles(tuple(paths))


def _checked(path: Path) -> Path:
    with path.open("rb") as file:
        head = file.read(_MAGIC_AT + len(_MAGIC))
    if not head:
        raise SetupError(f"The file {str(path)!r} is empty. {_ADVICE}")
    if head[_MAGIC_AT:] != _MAGIC:
        raise SetupError(f"The file {str(path)!r} is no DuckDB database. {_ADVICE}")
    return path.absolute()
