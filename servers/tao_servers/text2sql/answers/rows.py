"""The rows of a query: as values and as a Markdown table."""

from collections.abc import Iterable, Sequence

from pydantic import BaseModel, Field

from tao_servers.text2sql.answers.fitting import LONGEST_HEADING, cut, is_short
from tao_servers.text2sql.errors import QueryFailed
from tao_servers.text2sql.limits import Cell, Rows
from tao_servers.text2sql.one_line import one_line

__all__ = ["QueryResult", "markdown_table", "present"]

_LOOK = "describe_table and find_values show how and in which column values are written."
_CELLS = (2_000, 400, 100, 30)
_ENOUGH = 10


class QueryResult(BaseModel):
    """Rows that a statement gave."""

    columns: list[str]
    rows: list[list[Cell]]
    row_count: int = Field(description="Rows in this result")
    cut: bool = Field(description="Whether there are further rows")
    note: str | None = Field(default=None, description="What to know, or to do next")


def present(rows: Rows, warnings: Iterable[str] = ()) -> tuple[str, QueryResult]:
    """Rows as a Markdown table, cut to the room there is.

    Raises:
        QueryFailed: not even one row has room.
    """
    count = 0
    told = tuple(warnings)
    for longest in _CELLS:
        shown = [[_shown(cell, longest) for cell in row] for row in rows.rows]
        count = _most_rows(rows, shown, told)
        # Many rows with shorter cells are worth more than few with long ones.
        if count >= min(len(shown), _ENOUGH):
            break
    if not count and (shown or not is_short(*_result(rows, shown, 0, told))):
        raise QueryFailed(f"A row of {len(rows.columns)} columns is too wide to show; select fewer columns.")
    return _result(rows, shown, count, told)


def _most_rows(rows: Rows, shown: list[list[Cell]], told: tuple[str, ...]) -> int:
    low, high = 0, len(shown)
    while low < high:
        middle = (low + high + 1) // 2
        if is_short(*_result(rows, shown, middle, told)):
            low = middle
        else:
            high = middle - 1
    return low


def _result(
    rows: Rows, shown: list[list[Cell]], count: int, told: tuple[str, ...]
) -> tuple[str, QueryResult]:
    columns = [cut(name, LONGEST_HEADING) for name in rows.columns]
    is_cut = rows.more or count < len(shown)
    note = " ".join((*told, *_notes(rows, shown, count, is_cut))) or None
    value = QueryResult(columns=columns, rows=shown[:count], row_count=count, cut=is_cut, note=note)
    counted = f"{count} {'row' if count == 1 else 'rows'}. {note or ''}".rstrip()
    return f"{markdown_table(columns, value.rows)}\n\n{counted}", value


def _notes(rows: Rows, shown: list[list[Cell]], count: int, is_cut: bool) -> list[str]:
    notes = [_rest(rows, count)] if is_cut else []
    if shown[:count] != rows.rows[:count] and any(map(_is_cut, shown[:count])):
        notes.append("Texts that end in … are cut: use substr(column, start, length).")
    if not shown:
        notes.append(f"No row matches; {_LOOK}")
    elif len(shown) == 1 and not is_cut and all(cell is None for cell in shown[0]):
        notes.append(f"Only NULL, as when no row matches; {_LOOK}")
    return notes


def _rest(rows: Rows, count: int) -> str:
    total = f"more than {len(rows.rows)}" if rows.more else str(len(rows.rows))
    return f"Cut at {count} of {total} rows: use LIMIT and OFFSET for the next ones, or aggregate."


def _is_cut(row: list[Cell]) -> bool:
    return any(isinstance(cell, str) and cell.endswith("…") for cell in row)


def _shown(cell: Cell, longest: int) -> Cell:
    if isinstance(cell, float):
        # Fractions end in noise such as .30000000000000004; fifteen digits are exact, as sums of money need.
        return float(f"{cell:.15g}")
    return cut(cell, longest) if isinstance(cell, str) else cell


def markdown_table(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Rows as a Markdown table."""
    return "\n".join(map(_line, [columns, ["---"] * len(columns), *rows]))


def _line(cells: Iterable[Cell]) -> str:
    return "| " + " | ".join(_markdown(cell) for cell in cells) + " |"


def _markdown(cell: Cell) -> str:
    if cell is None:
        return "NULL"
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return f"{cell:.15g}"
    return one_line(str(cell)).replace("|", "\\|")
