"""What part the columns of a result can play in a chart."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from tao_prompts.language import Language
from tao_servers.text2sql.explaining.chart_times import Unit, read_times
from tao_servers.text2sql.limits import Cell, Rows
from tao_servers.text2sql.linking.words import spaced
from tao_servers.text2sql.one_line import one_line
from tao_servers.text2sql.schema import Family

__all__ = ["Charted", "charted"]

_LONGEST_TITLE = 40
_LONGEST_LABEL = 40
_ID_WORDS = frozenset({"code", "guid", "id", "ids", "phone", "postcode", "sku", "uuid", "zip", "zipcode"})
_ID_ENDS = ("编号", "编码", "代码", "号码", "电话", "手机", "邮编", "学号", "工号", "序号", "id")
_WORDS: dict[Language, dict[Cell, str]] = {
    "zh": {None: "（空）", True: "是", False: "否"},
    "en": {None: "(none)", True: "yes", False: "no"},
}


@dataclass(frozen=True, slots=True)
class Charted:
    """A column: its heading, its part, and its values as a chart has them.

    Numbers are finite, times as `Times.values`, labels and ids texts.
    """

    title: str
    part: Literal["number", "time", "label", "id"]
    values: list[str | int | float | None]
    unit: Unit | None = None

    @property
    def distinct(self) -> int:
        """How many different values there are."""
        return len({value for value in self.values if value is not None})

    @property
    def is_unique(self) -> bool:
        """Whether no value is there twice."""
        return self.distinct == sum(value is not None for value in self.values)


def charted(
    rows: Rows, types: Mapping[str, Family], language: Language, headings: Sequence[str] = ()
) -> list[Charted]:
    """The columns of a result, called as `headings` say; those without any value are left out."""
    families = {name.lower(): family for name, family in types.items()}
    titles = [one_line(heading, _LONGEST_TITLE) for heading in headings]
    # One and the same title would make one series of two.
    are_apart = len(set(titles)) == len(rows.columns)
    found = []
    for place, name in enumerate(rows.columns):
        cells = [row[place] for row in rows.rows]
        if any(cell is not None for cell in cells):
            one = _charted(name, families.get(name.lower()), cells, language)
            found.append(replace(one, title=titles[place]) if are_apart else one)
    return found


def _charted(name: str, family: Family | None, cells: Sequence[Cell], language: Language) -> Charted:
    title = one_line(name, _LONGEST_TITLE)
    times = read_times(name, family, cells)
    if times is not None:
        return Charted(title, "time", list(times.values), times.unit)
    numbers = _numbers(cells, family)
    if numbers is not None and not _is_id(name):
        return Charted(title, "number", numbers)
    words = _WORDS[language]
    labels = [words[cell] if cell is None or isinstance(cell, bool) else _label(cell) for cell in cells]
    return Charted(title, "label" if numbers is None else "id", list(labels))


def _label(cell: Cell) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return one_line(str(cell), _LONGEST_LABEL)


def _numbers(cells: Sequence[Cell], family: Family | None) -> list[str | int | float | None] | None:
    """None where they are something else. Numbers of many digits are given as texts."""
    if family in {"text", "boolean", "time"}:
        return None
    found: list[str | int | float | None] = []
    for cell in cells:
        if isinstance(cell, bool) or (isinstance(cell, str) and family != "number"):
            return None
        try:
            found.append(None if cell is None else _short(float(cell)))
        except ValueError:
            return None
    return found


def _short(number: float) -> int | float | None:
    if not math.isfinite(number):
        return None
    # Nobody sees more digits in a picture.
    return int(number) if number.is_integer() and abs(number) < 1e15 else float(f"{number:.6g}")


def _is_id(name: str) -> bool:
    if not re.fullmatch(r"[\w .\[\]-]+", name):
        # An expression, such as count(id).
        return False
    words = re.findall(r"\w+", spaced(name).lower())
    return bool(words) and (
        words[-1] in _ID_WORDS or (not words[-1].isascii() and words[-1].endswith(_ID_ENDS))
    )
