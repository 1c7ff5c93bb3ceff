"""Parts the cells of a sheet into the tables that a person sees there."""

from collections.abc import Iterable, Iterator

from tao_servers.knowledge.loading.tables import Cell, are_labels, count_heads

__all__ = ["blocks"]

Rows = list[list[Cell]]


def blocks(rows: Iterable[list[Cell]]) -> Iterator[Rows]:
    """Yield the tables of a sheet, which empty rows and columns part.

    Rows after an empty one that have no header of their own go on with the table above them.
    """
    held: list[Rows] = []
    for group in _groups(rows):
        parts = _beside(group)
        if len(held) == len(parts) == 1 and _goes_on(held[0], group):
            held[0].extend(group)
            continue
        yield from held
        held = parts
    yield from held


def _groups(rows: Iterable[list[Cell]]) -> Iterator[Rows]:
    group: Rows = []
    for row in rows:
        if any(row):
            group.append(row)
        elif group:
            yield group
            group = []
    if group:
        yield group


def _beside(group: Rows) -> list[Rows]:
    """Part tables that stand side by side: an empty column alone may also be there to look nice."""
    filled = sorted({at for row in group for at, cell in enumerate(row) if cell or cell is None})
    spans: list[list[int]] = []
    for at in filled:
        if spans and at == spans[-1][-1] + 1:
            spans[-1].append(at)
        else:
            spans.append([at])
    parts = [[row[span[0] : span[-1] + 1] for row in group] for span in spans]
    parts = [[row for row in part if any(row)] for part in parts]
    return parts if all(len(part[0]) > 1 and count_heads(part) for part in parts if part) else [group]


def _goes_on(above: Rows, group: Rows) -> bool:
    first, last = _span(above)
    left, right = _span(group)
    if not first <= left < right <= last or count_heads(group):
        return False
    names_only = len(above) < 3 and all(map(are_labels, above)) and not are_labels(group[0])
    return bool(count_heads(above)) or names_only


def _span(group: Rows) -> tuple[int, int]:
    filled = [at for row in group for at, cell in enumerate(row) if cell]
    return min(filled), max(filled)
