"""What a file becomes: a text with what is known of its places, and the pieces that it is cut into."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["Chunk", "Document", "Form", "Heading", "Table"]

Form = Literal["text", "markdown", "code", "table", "records"]
"""How a text is written, by which `auto` chooses a splitter; records are rows that belong to nothing else."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading whose text begins at the character `start`; `level` counts from 1."""

    start: int
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """The rows in `text[start:end]`, one a line; `header` is the line to read each of them by, or empty.

    The header line stands at the start of the span as well, unless the file has none.
    """

    start: int
    end: int
    header: str


@dataclass(frozen=True, slots=True)
class Document:
    """The text of a file. All places are offsets in characters of `text`, ascending.

    Lines end with a line feed. `pages` has where each page, slide or sheet begins (empty: there are none);
    `parts` where a piece begins that is never joined with what stands before it: a record, a message;
    `part_lines` the line of the file that each stands on, where the text has other lines than the file.
    `language` is that of program code. `created` and `modified` are ISO 8601 dates, as the file tells them.
    `unread` says, one reason each, what in the file could not be read.
    """

    text: str
    form: Form = "text"
    title: str | None = None
    author: str | None = None
    language: str | None = None
    created: str | None = None
    modified: str | None = None
    pages: tuple[int, ...] = ()
    headings: tuple[Heading, ...] = ()
    tables: tuple[Table, ...] = ()
    parts: tuple[int, ...] = ()
    part_lines: tuple[int, ...] = ()
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a document: `text` is its `text[start:end]`.

    `context` is what it is read by and does not hold itself: the header of its table. `heading` is the
    path of the headings it stands under, as `A > B`. `line`, `last_line` and `page` count from 1.
    `parent` is the larger span that is worth reading around it, where the splitter makes one. `hints` is
    found by but not shown: questions that it answers.
    """

    text: str
    start: int
    end: int
    line: int
    last_line: int
    page: int | None = None
    heading: str = ""
    context: str = ""
    parent: tuple[int, int] | None = None
    hints: str = ""
