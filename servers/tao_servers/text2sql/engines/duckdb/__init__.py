"""DuckDB, and files of data (csv, parquet, json lines, workbooks) as one DuckDB database."""

from tao_servers.text2sql.engines.duckdb.engine import DuckdbEngine

__all__ = ["DuckdbEngine"]
