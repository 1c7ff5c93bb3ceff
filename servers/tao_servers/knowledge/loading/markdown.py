"""Markdown: its text as it is, and where its headings and tables are."""

import re
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

from tao.models.loading import load
from tao_servers.knowledge.document import Document, Heading, Table
from tao_servers.knowledge.loading.encodings import decode
from tao_servers.knowledge.loading.front_matter import front_matter
from tao_servers.knowledge.loading.limits import check_length
from tao_servers.knowledge.loading.options import Options

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

__all__ = ["document_of", "read", "without_pictures"]

# What links and emphasis leave when only their words are kept.
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()]*\)")
_LONGEST_HEADING = 1000
_EMBEDDED = re.compile(r"\(data:[\w/+.-]{1,80}(?:;[\w=-]{1,40}){0,3},[A-Za-z0-9+/=%_-]*+\)")
_MARKS = re.compile(r"(\*\*|__|`|~~)(.+?)\1")


def read(data: bytes, *, name: str, options: Options) -> Document:
    """Read a text in CommonMark with tables. `name` does not matter."""
    decoded = decode(data)
    text, unread = without_pictures(check_length(decoded.text, options))
    return document_of(text, unread=decoded.unread + unread)


def without_pictures(text: str) -> tuple[str, tuple[str, ...]]:
    """Leave out the bytes of pictures that are written into a text, and tell how many there were."""
    text, count = _EMBEDDED.subn("()", text)
    return text, (f"{count} pictures that are written into its text",) if count else ()


def document_of(text: str, **more: Any) -> Document:
    """The document of a Markdown text; `more` are further fields of it."""
    front = front_matter(text)
    lines = text[front.end :].split("\n")
    starts = list(accumulate((len(line) + 1 for line in lines), initial=front.end))
    tokens = _parser().parse(text[front.end :])
    headings = tuple(_headings(tokens, starts))
    tables = tuple(_tables(tokens, starts, text))
    title = front.title or next((heading.text for heading in headings if heading.level == 1), None)
    return Document(
        text,
        form="markdown",
        title=title,
        author=front.author,
        created=front.date,
        headings=headings,
        tables=tables,
        **more,
    )


def _parser() -> "MarkdownIt":
    parser = load("markdown_it", extra="knowledge").MarkdownIt("commonmark").enable("table")
    # What is within a line does not matter here, and is most of the work.
    parser.core.ruler.disable(["inline", "text_join"])
    checked: MarkdownIt = parser
    return checked


def _headings(tokens: "list[Token]", starts: list[int]) -> "list[Heading]":
    found = []
    for token, content in pairwise(tokens):
        if token.type == "heading_open" and token.map is not None:
            words = _MARKS.sub(r"\2", _LINK.sub(r"\1", content.content[:_LONGEST_HEADING])).strip()
            if words:
                found.append(Heading(starts[token.map[0]], int(token.tag[1:]), " ".join(words.split())))
    return found


def _tables(tokens: "list[Token]", starts: list[int], text: str) -> "list[Table]":
    found = []
    for token in tokens:
        if token.type == "table_open" and token.map is not None:
            start, end = starts[token.map[0]], min(starts[token.map[1]], len(text))
            while end > start and text[end - 1].isspace():
                end -= 1
            found.append(Table(start, end, text[start : text.index("\n", start)].strip()))
    return found
