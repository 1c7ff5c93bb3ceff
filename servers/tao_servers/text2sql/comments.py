"""What tables and columns mean, from a YAML file beside the database.

tables:
  orders:
    comment: 订单
    columns:
      status: 订单状态
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tao_servers.text2sql.errors import SetupError

__all__ = ["Comments", "comments_path", "load_comments"]

_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Comments:
    """Comments by table name and by (table, column), names in lower case."""

    tables: dict[str, str] = field(default_factory=dict)
    columns: dict[tuple[str, str], str] = field(default_factory=dict)

    def of_table(self, table: str) -> str | None:
        """The comment of a table, if there is one."""
        return self.tables.get(table.lower())

    def of_column(self, table: str, column: str) -> str | None:
        """The comment of a column, if there is one."""
        return self.columns.get((table.lower(), column.lower()))


def comments_path(database: Path, given: Path | None) -> Path | None:
    """The file `given`, else `X.yaml` beside `X.sqlite` when it is there."""
    if given is not None:
        return given
    beside = database.with_suffix(".yaml")
    return beside if beside.is_file() else None


def load_comments(path: Path) -> Comments:
    """Read comments from a file.

    Raises:
        SetupError: the file is missing, is no YAML, or has another form; or PyYAML is not installed.
    """
    try:
        import yaml  # type: ignore[import-untyped, unused-ignore]
    except ModuleNotFoundError as exc:
        raise SetupError(f"To read {str(path)!r}: pip install 'tao-agent[text2sql]'") from exc
    try:
        return _comments(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, RecursionError, yaml.YAMLError) as exc:
        raise SetupError(
            f"The comments file {str(path)!r} cannot be used: {exc}. Its form is"
            " `tables: {orders: {comment: 订单, columns: {status: 订单状态}}}`."
        ) from exc


def _comments(document: Any) -> Comments:
    tables: dict[str, str] = {}
    columns: dict[tuple[str, str], str] = {}
    for table, entry in _mapping(_mapping(document, "the file").get("tables"), "tables").items():
        parts = _mapping(entry, table)
        if parts.get("comment") is not None:
            tables[table.lower()] = _line(parts["comment"], table)
        for column, comment in _mapping(parts.get("columns"), f"{table}.columns").items():
            columns[table.lower(), column.lower()] = _line(comment, f"{table}.{column}")
    return Comments(tables, columns)


def _mapping(value: Any, where: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise TypeError(f"{where} is not a mapping")
    return {str(key): entry for key, entry in value.items()}


def _line(value: Any, where: str) -> str:
    if not isinstance(value, str | int | float):
        raise TypeError(f"the comment of {where} is not text")
    return " ".join(str(value).split())[:_LONGEST]
