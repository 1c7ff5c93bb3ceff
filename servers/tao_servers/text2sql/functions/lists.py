"""The lists of functions, asked for by dialect."""

from collections.abc import Mapping

from tao_servers.text2sql.functions import duckdb, mysql, postgres, sqlite
from tao_servers.text2sql.schema import Dialect

__all__ = ["in_from", "scalar", "settings", "system_columns", "system_tables", "telling"]

_SCALAR: dict[Dialect, frozenset[str]] = {
    "sqlite": sqlite.SCALAR_FUNCTIONS,
    "postgres": postgres.SCALAR_FUNCTIONS,
    "mysql": mysql.SCALAR_FUNCTIONS,
    "duckdb": duckdb.SCALAR_FUNCTIONS,
}
_IN_FROM: dict[Dialect, Mapping[str, tuple[str, ...]]] = {
    "sqlite": sqlite.TABLE_FUNCTIONS,
    "postgres": postgres.TABLE_FUNCTIONS,
    "mysql": mysql.TABLE_FUNCTIONS,
    "duckdb": duckdb.TABLE_FUNCTIONS,
}
_TELLING: dict[Dialect, Mapping[str, tuple[str, ...]]] = {
    "sqlite": sqlite.TELLING_FUNCTIONS,
    "postgres": postgres.TELLING_FUNCTIONS,
    "mysql": {},
    "duckdb": duckdb.TELLING_FUNCTIONS,
}
_SETTINGS: dict[Dialect, frozenset[str]] = {
    "sqlite": frozenset(),
    "postgres": postgres.SETTINGS,
    "mysql": mysql.SETTINGS,
    "duckdb": frozenset(),
}
_SYSTEM_TABLES: dict[Dialect, Mapping[str, frozenset[str]]] = {
    "sqlite": sqlite.SYSTEM_TABLES,
    "postgres": postgres.SYSTEM_TABLES,
    "mysql": mysql.SYSTEM_TABLES,
    "duckdb": duckdb.SYSTEM_TABLES,
}
_SYSTEM_COLUMNS: dict[Dialect, frozenset[str]] = {
    "sqlite": frozenset({"rowid", "_rowid_", "oid", "rank"}),
    "postgres": frozenset({"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"}),
    "mysql": frozenset(),
    "duckdb": frozenset({"rowid"}),
}


def scalar(dialect: Dialect) -> frozenset[str]:
    """Functions that may stand in an expression, aggregates and window functions among them; lower case."""
    return _SCALAR[dialect]


def in_from(dialect: Dialect) -> Mapping[str, tuple[str, ...]]:
    """Functions that may stand in FROM, each with the columns that it gives; () when they differ."""
    return _IN_FROM[dialect]


def telling(dialect: Dialect) -> Mapping[str, tuple[str, ...]]:
    """Functions that tell of the catalogue, for databases of which nothing is withheld.

    With the columns that they give in FROM, as `in_from` has them.
    """
    return _TELLING[dialect]


def settings(dialect: Dialect) -> frozenset[str]:
    """Settings that tell nothing that somebody could want to keep to himself."""
    return _SETTINGS[dialect]


def system_tables(dialect: Dialect) -> Mapping[str, frozenset[str]]:
    """Harmless tables of the system by their schema, for databases of which nothing is withheld.

    The schema "" has those that need no prefix.
    """
    return _SYSTEM_TABLES[dialect]


def system_columns(dialect: Dialect) -> frozenset[str]:
    """Columns that each table has and no schema lists."""
    return _SYSTEM_COLUMNS[dialect]
