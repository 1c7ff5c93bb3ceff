"""Turns files of data into the tables of a DuckDB file."""

from tao_servers.text2sql.engines.duckdb.importing.files import import_files
from tao_servers.text2sql.engines.duckdb.importing.loading import Note

__all__ = ["Note", "import_files"]
