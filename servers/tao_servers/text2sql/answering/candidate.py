"""One statement that a model wrote for a question, and what became of it."""

from dataclasses import dataclass

from tao_servers.text2sql.checking import Checked, Problem
from tao_servers.text2sql.limits import Rows

__all__ = ["Candidate"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A statement: as it was `written`, and as it was sent after names were mended.

    `mends` says what was mended, a sentence each. `checked` and `rows` are there when it passed the rules and
    ran; else `problem` says why not. `standing` tells where texts stand that it looked for in vain.
    """

    written: str
    sql: str
    mends: tuple[str, ...] = ()
    checked: Checked | None = None
    rows: Rows | None = None
    problem: Problem | None = None
    standing: tuple[str, ...] = ()

    @property
    def ran(self) -> bool:
        """Whether there is a result, even an empty one."""
        return self.rows is not None

    @property
    def is_empty(self) -> bool:
        """Whether it ran and gave no row, or one of nothing but NULL, or counted what stands elsewhere."""
        if self.rows is None:
            return False
        nothing = {None, 0} if self.standing else {None}
        return all(cell in nothing for row in self.rows.rows for cell in row)

    @property
    def is_implausible(self) -> bool:
        """Whether it ran, and what it gave can hardly be meant."""
        return self.is_empty or bool(self.checked and self.checked.warnings)
