"""Shows a table: drawn on a terminal, plain text elsewhere."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

__all__ = ["show"]


def show(table: Sequence[Sequence[str]], stream: "TextIO") -> None:
    """Write a table, whose first line has what the columns are called."""
    from rich.cells import cell_len

    if not stream.isatty():
        # Chinese characters take two places.
        widths = [max(map(cell_len, column)) for column in zip(*table, strict=True)]
        for line in table:
            cells = (cell + " " * (width - cell_len(cell)) for cell, width in zip(line, widths, strict=True))
            stream.write("  ".join(cells).rstrip() + "\n")
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    drawn = Table(box=SIMPLE_HEAD)
    for name in table[0]:
        drawn.add_column(name)
    for line in table[1:]:
        drawn.add_row(*line)
    Console(file=stream, markup=False).print(drawn)
