"""Opens a DuckDB file so that nothing done through it writes or reaches anything else, and proves it."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tao_servers.text2sql.errors import NotReadOnly, SetupError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["open_session", "prove"]

# DuckDB's own bound holds for its buffers only, not for the long values that its functions make; the process
# has a wider one for those.
_MEMORY = "2GB"
_MOST_THREADS = 4
_BEFORE = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_persistent_secrets": "false",
    "python_enable_replacements": "false",
    "python_scan_all_frames": "false",
    "temp_directory": "",
    "memory_limit": _MEMORY,
}
# External access off still lets the database's own file be read by name; no file system at all does not.
_AFTER = ("SET disabled_filesystems = 'LocalFileSystem'", "SET lock_configuration = true")
_WANTED = {
    "access_mode": "read_only",
    "enable_external_access": "false",
    "lock_configuration": "true",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
# Each must fail; none would do harm if it did not.
_PROBES = (
    "CREATE TABLE tao_probe (a INTEGER)",
    "COPY (SELECT 1) TO 'tao_probe.csv'",
    "SELECT * FROM read_text('/etc/hostname')",
    "SET enable_external_access = true",
    "ATTACH ':memory:' AS tao_probe",
    "ATTACH 'tao_probe.duckdb' AS tao_probe",
    "INSTALL httpfs",
    "LOAD httpfs",
)


@contextlib.contextmanager
def open_session(path: Path) -> Iterator["DuckDBPyConnection"]:
    """Open `path` for reading only, nothing else within reach, and close it at the end of the block.

    Raises:
        SetupError: it cannot be opened or read.
    """
    import duckdb

    config: dict[str, str | bool | int | float | list[str]] = {**_BEFORE}
    config["threads"] = min(_MOST_THREADS, os.cpu_count() or 1)
    try:
        connection = duckdb.connect(str(path), read_only=True, config=config)
    except (duckdb.Error, RuntimeError, OSError) as exc:
        raise SetupError(_why_not(path, str(exc))) from exc
    with contextlib.closing(connection):
        for statement in _AFTER:
            connection.execute(statement)
        yield connection


def prove(connection: "DuckDBPyConnection") -> None:
    """See that the settings are as they must be, and that what would write or reach outside fails.

    Raises:
        NotReadOnly: something is otherwise; the text names it.
    """
    import duckdb

    names = ", ".join(f"'{name}'" for name in _WANTED)
    query = f"SELECT name, value FROM duckdb_settings() WHERE name IN ({names})"
    found = dict(connection.execute(query).fetchall())
    for name, wanted in _WANTED.items():
        if found.get(name) != wanted:
            raise NotReadOnly(
                f"DuckDB's setting {name} is {found.get(name)!r} instead of {wanted!r}, so it could write"
                " or reach other files. Install duckdb 2.0 or newer."
            )
    # Which file systems are off is shown nowhere.
    own = connection.execute("SELECT path FROM duckdb_databases() WHERE NOT internal").fetchone()
    read_itself = "SELECT * FROM read_blob('" + str(own[0] if own else "").replace("'", "''") + "')"
    for probe in (*_PROBES, read_itself):
        cursor = connection.cursor()
        try:
            cursor.execute("BEGIN TRANSACTION")
            cursor.execute(probe)
        except duckdb.Error:
            continue
        finally:
            with contextlib.suppress(duckdb.Error):
                cursor.execute("ROLLBACK")
            cursor.close()
        raise NotReadOnly(f"DuckDB let {probe!r} pass. Install duckdb 2.0 or newer.")


def _why_not(path: Path, said: str) -> str:
    what = f"The DuckDB file {str(path)!r} cannot be opened"
    if "lock" in said.lower():
        return f"{what}: another program holds it open for writing. Close it there, or give a copy."
    if "encrypt" in said.lower():
        return f"{what}: it is encrypted. Give a copy without a key."
    return f"{what}: {said.splitlines()[0][:300] if said else 'no reason was given'}. Check that it is whole."
