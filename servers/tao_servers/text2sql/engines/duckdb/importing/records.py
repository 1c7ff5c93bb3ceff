"""Reads json and json lines files."""

import glob
import json
from pathlib import Path

from tao_servers.text2sql.engines.duckdb.importing.encodings import as_utf8
from tao_servers.text2sql.engines.duckdb.importing.loading import Loading
from tao_servers.text2sql.engines.duckdb.importing.naming import text

__all__ = ["load_records"]

_OPTIONS = "sample_size = -1, maximum_object_size = 33554432"


def load_records(path: Path, loading: Loading) -> str | None:
    """Make a table of a file; lines that are no JSON are the remark, and the table's comment."""
    import duckdb

    readable, remark = as_utf8(path, loading.scratch(".json"))
    remarks = [remark] if remark else []
    lines = "auto" if path.suffix.lower() == ".json" else "newline_delimited"
    try:
        name = loading.create(path.stem, _query(readable, lines))
    except duckdb.Error:
        if path.suffix.lower() == ".json":
            raise
        kept = loading.scratch(".kept.json")
        broken = _keep_whole_lines(readable, kept)
        if not broken:
            raise
        name = loading.create(path.stem, _query(kept, lines))
        remarks.append(f"{broken} lines are no JSON and are missing.")
    joined = " ".join(remarks) or None
    if joined:
        loading.comment(name, joined)
    return joined


def _query(path: Path, form: str) -> str:
    return f"SELECT * FROM read_json({text(glob.escape(str(path)))}, format = '{form}', {_OPTIONS})"


def _keep_whole_lines(path: Path, kept: Path) -> int:
    broken = 0
    with path.open(encoding="utf-8") as source, kept.open("w", encoding="utf-8") as target:
        for line in source:
            try:
                json.loads(line)
            except (ValueError, RecursionError):
                broken += bool(line.strip())
                continue
            target.write(line)
    return broken
