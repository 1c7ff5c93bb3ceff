"""Reads csv and tsv files, also those with broken rows."""

import glob
from pathlib import Path

from tao_servers.text2sql.engines.duckdb.importing.encodings import as_utf8
from tao_servers.text2sql.engines.duckdb.importing.loading import Loading
from tao_servers.text2sql.engines.duckdb.importing.naming import text

__all__ = ["load_delimited"]

# Types are chosen by all rows: one "N/A" on the last line must not cost a row.
_STRICT = "sample_size = -1, null_padding = true"
# Only one thread at a time can do both: fill up short rows and follow line breaks within quotes.
_SLOW = f"{_STRICT}, parallel = false"
_LENIENT = f"{_SLOW}, strict_mode = false, store_rejects = true, rejects_limit = 0"
_MOST_LINES_NAMED = 5


def load_delimited(path: Path, loading: Loading) -> str | None:
    """Make a table of a file; what could not be read as it stands is the remark, and the table's comment."""
    import duckdb

    readable, remark = as_utf8(path, loading.scratch(path.suffix.lower()))
    source = text(glob.escape(str(readable)))
    more = ", delim = '\\t'" if path.suffix.lower() == ".tsv" else ""
    remarks = [remark] if remark else []
    for options in (_STRICT, _SLOW, _LENIENT):
        for table in ("reject_errors", "reject_scans"):
            loading.connection.execute(f"DROP TABLE IF EXISTS temp.{table}")
        try:
            name = loading.create(path.stem, f"SELECT * FROM read_csv({source}, {options}{more})")
            break
        except duckdb.Error:
            if options == _LENIENT:
                raise
    if options == _LENIENT:
        remarks.append(_rejected(loading))
    joined = " ".join(remarks) or None
    if joined:
        loading.comment(name, joined)
    return joined


def _rejected(loading: Loading) -> str:
    found = loading.connection.execute(
        "SELECT DISTINCT line FROM temp.reject_errors ORDER BY line"
    ).fetchall()
    lines = [str(line) for (line,) in found]
    if not lines:
        return "Some rows are not well-formed, and were read as well as could be."
    named = ", ".join(lines[:_MOST_LINES_NAMED]) + (" ..." if len(lines) > _MOST_LINES_NAMED else "")
    return f"{len(lines)} rows could not be read and are missing (lines {named})."
