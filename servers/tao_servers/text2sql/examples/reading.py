"""Reads pairs of question and SQL from a file that the user has made."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from tao_servers.text2sql.errors import SetupError

__all__ = ["Pair", "read_pairs"]

_COLUMNS = ("question", "sql")
_MOST_BYTES = 50_000_000
# With their marks first; what Excel saves as csv on a Chinese system is GB18030.
_MARKED = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_TRIED = ("utf-8-sig", "gb18030")


@dataclass(frozen=True, slots=True)
class Pair:
    """A pair as it was given in this line, not yet verified; `problem` says what is wrong with the line."""

    line: int
    question: str = ""
    sql: str = ""
    problem: str | None = None


def read_pairs(path: Path) -> list[Pair]:
    """The pairs of a .csv file with the columns `question` and `sql`, or of a file of JSON lines.

    Raises:
        SetupError: it cannot be read, is no text, or lacks these columns.
    """
    text = _text_of(path)
    pairs = list(_of_csv(path, text) if path.suffix.lower() == ".csv" else _of_json_lines(text))
    if not pairs:
        raise SetupError(f"There is no pair in {str(path)!r}.")
    return pairs


def _text_of(path: Path) -> str:
    try:
        size = path.stat().st_size
        if size > _MOST_BYTES:
            raise SetupError(
                f"{str(path)!r} has {size:,} bytes; give at most {_MOST_BYTES:,}, in several files."
            )
        content = path.read_bytes()
    except OSError as exc:
        raise SetupError(f"{str(path)!r} cannot be read: {exc.strerror or exc}.") from exc
    marked = tuple(encoding for mark, encoding in _MARKED if content.startswith(mark))
    for encoding in marked or _TRIED:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise SetupError(f"{str(path)!r} is no text; save it as UTF-8.")


def _of_csv(path: Path, text: str) -> Iterator[Pair]:
    reader = csv.reader(StringIO(text, newline=""))
    line = 1
    try:
        heading = [cell.strip().lower() for cell in next(reader, [])]
        if not set(_COLUMNS) <= set(heading):
            raise SetupError(
                f"The first line of {str(path)!r} must name the columns question and sql, with commas between"
                f" the columns; it has {', '.join(heading)[:100] or 'none'}."
            )
        places = [heading.index(column) for column in _COLUMNS]
        line = reader.line_num + 1
        for row in reader:
            if any(cell.strip() for cell in row):
                yield _of_row(line, row, places)
            line = reader.line_num + 1
    except csv.Error as exc:
        yield Pair(line, problem=f"The rest of the file cannot be read: {exc}.")


def _of_row(line: int, row: list[str], places: list[int]) -> Pair:
    if max(places) >= len(row):
        return Pair(line, problem=f"The row has {len(row)} of {max(places) + 1} columns.")
    question, sql = (row[place] for place in places)
    return Pair(line, question, sql)


def _of_json_lines(text: str) -> Iterator[Pair]:
    # Not splitlines: JSON may hold other line ends, such as U+2028, as they are.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield _of_json(number, line)


def _of_json(number: int, line: str) -> Pair:
    try:
        value = json.loads(line)
        question, sql = (value[name] for name in _COLUMNS)
    except (ValueError, KeyError, TypeError, RecursionError):
        question = sql = None
    if not isinstance(question, str) or not isinstance(sql, str):
        return Pair(number, problem='A line must be {"question": "...", "sql": "..."}.')
    return Pair(number, question, sql)
