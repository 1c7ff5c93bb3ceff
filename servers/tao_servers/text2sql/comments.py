"""What tables and columns mean, from a YAML file beside the database.

tables:
  orders:
    comment: 订单
    columns:
      status: 订单状态
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tao_servers.text2sql.errors import SetupError
from tao_servers.text2sql.one_line import one_line
from tao_servers.text2sql.schema import Table

__all__ = ["Comments", "comments_path", "load_comments"]

_LONGEST = 200
_LONGEST_NATIVE = 500


@dataclass(frozen=True, slots=True)
class Comments:
    """Comments by full table name and by (table, column), names in lower case."""

    tables: dict[str, str] = field(default_factory=dict)
    columns: dict[tuple[str, str], str] = field(default_factory=dict)

    def added_to(self, table: Table) -> Table:
        """The table with these comments, which go before those of the database itself."""
        name = table.full_name.lower()
        columns = tuple(
            replace(column, comment=_shown(self.columns.get((name, column.name.lower()), column.comment)))
            for column in table.columns
        )
        return replace(table, comment=_shown(self.tables.get(name, table.comment)), columns=columns)


def _shown(comment: str | None) -> str | None:
    # Whoever may comment on a table must not speak for us on a line of their own, nor fill the prompt.
    return one_line(comment, _LONGEST_NATIVE) or None if comment else None


def comments_path(database: Path, given: Path | None) -> Path | None:
    """The file `given`, else `X.yaml` or `X.yml` beside `X.sqlite` when it is there."""
    if given is not None:
        return given
    if not database.name:
        return None
    both = (database.with_suffix(suffix) for suffix in (".yaml", ".yml"))
    return next((path for path in both if path.is_file()), None)


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
    whole = _only(_mapping(document, "the file"), {"tables"}, "the file")
    for table, entry in _mapping(whole.get("tables"), "tables").items():
        parts = _only(_mapping(entry, table), {"comment", "columns"}, table)
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


def _only(found: dict[str, Any], known: set[str], where: str) -> dict[str, Any]:
    unknown = sorted(set(found) - known)
    if unknown:
        raise TypeError(
            f"{where} has {unknown[0][:60]!r}, where only {' and '.join(sorted(known))} may stand"
        )
    return found


def _line(value: Any, where: str) -> str:
    if not isinstance(value, str | int | float):
        raise TypeError(f"the comment of {where} is not text")
    return " ".join(str(value).split())[:_LONGEST]
