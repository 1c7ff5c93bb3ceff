"""Reads files one after the other into a new DuckDB file."""

import errno
import glob
import logging
import os
import shutil
from pathlib import Path

from tao_servers.text2sql.engines.duckdb.address import WORKBOOK_SUFFIXES
from tao_servers.text2sql.engines.duckdb.importing.delimited import load_delimited
from tao_servers.text2sql.engines.duckdb.importing.loading import Loading, Note, Unreadable
from tao_servers.text2sql.engines.duckdb.importing.naming import text
from tao_servers.text2sql.engines.duckdb.importing.records import load_records
from tao_servers.text2sql.engines.duckdb.importing.workbooks import load_workbook
from tao_servers.text2sql.errors import SetupError

__all__ = ["import_files"]

_NO_ROOM = os.strerror(errno.ENOSPC)


def import_files(files: list[Path], target: Path, note: Note) -> None:
    """Make the DuckDB file `target` with each file, or each sheet of a workbook, as a table.

    Of several files, those that cannot be read are left out, and `note` is told.

    Raises:
        SetupError: no file could be read, or there is no room for what was read.
    """
    import duckdb

    for left in (target, target.with_name(f"{target.name}.wal")):
        left.unlink(missing_ok=True)
    folder = target.with_name(f"{target.name}.files")
    folder.mkdir(exist_ok=True)
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "memory_limit": "1GB",
        "temp_directory": str(folder),
    }
    try:
        with duckdb.connect(str(target), config=config) as connection:
            _load_all(files, Loading(connection, folder), note)
    except duckdb.Error as exc:
        # Much is written only when the file is closed.
        raise _no_room(str(exc)) from exc
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _load_all(files: list[Path], loading: Loading, note: Note) -> None:
    failures = []
    for number, path in enumerate(files, 1):
        note(f"Reading {path.name} ({number} of {len(files)})", logging.INFO)
        try:
            remark = _load(path, loading)
        except Unreadable as exc:
            failures.append(f"The file {str(path)!r} {exc}")
            note(f"{failures[-1]} It is left out.", logging.WARNING)
            continue
        if remark:
            note(f"{path.name}: {remark}", logging.WARNING)
    if not loading.taken:
        raise SetupError(failures[0])


def _load(path: Path, loading: Loading) -> str | None:
    import duckdb

    try:
        if path.stat().st_size == 0:
            raise Unreadable("is empty. Give one with data.")
        kind = path.suffix.lower()
        if kind in WORKBOOK_SUFFIXES:
            return load_workbook(path, loading)
        if kind == ".parquet":
            query = f"SELECT * FROM read_parquet({text(glob.escape(str(path)))}, hive_partitioning = false)"
            loading.create(path.stem, query)
            return None
        return load_delimited(path, loading) if kind in {".csv", ".tsv"} else load_records(path, loading)
    except (duckdb.Error, OSError) as exc:
        said = " ".join(str(exc).split())[:300]
        # That says nothing against the file: were it left out, it would be so as long as no file changes.
        if _NO_ROOM in said:
            raise _no_room(said) from exc
        raise Unreadable(f"cannot be read: {said}. Check that it is whole and what its name says.") from exc


def _no_room(said: str) -> SetupError:
    return SetupError(f"What the data files hold could not be written down: {' '.join(said.split())[:300]}.")
