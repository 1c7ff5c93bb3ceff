"""Shows how far something is, with the time that it will still take."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

__all__ = ["Progress", "progress_shown"]

Progress = Callable[[int, int], None]
"""Is told how much of how much is done."""

_LINE_SECONDS = 10.0


@contextmanager
def progress_shown(what: str, stream: "TextIO") -> Iterator[Progress]:
    """A bar on a terminal, a line every ten seconds elsewhere."""
    if not stream.isatty():
        yield _lines(what, stream)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(file=stream), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _lines(what: str, stream: "TextIO") -> Progress:
    begun = said = time.monotonic()

    def show(done: int, total: int) -> None:
        nonlocal said
        now = time.monotonic()
        if now - said < _LINE_SECONDS or not done:
            return
        said = now
        left = (now - begun) * (total - done) / done
        stream.write(f"{what}: {done} of {total}, about {left:.0f} s left\n")
        stream.flush()

    return show
