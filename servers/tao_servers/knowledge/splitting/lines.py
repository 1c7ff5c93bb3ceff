"""One chunk a line: price lists, logs, the rows of a table; and one chunk a record."""

from collections.abc import Iterator

from tao_servers.knowledge.splitting.prose import Prose
from tao_servers.knowledge.splitting.work import Span, Work

__all__ = ["split_lines", "split_records"]


def split_lines(work: Work) -> Iterator[Span]:
    """Make each line a chunk; one that is too long is cut at the end of a sentence."""
    prose, text = Prose(work.document), work.document.text
    for start, end in work.regions():
        while start < end:
            line_end = text.find("\n", start, end)
            line_end = end if line_end < 0 else line_end + 1
            for piece in work.packer.pack(start, line_end, prose, work.sizes.tokens):
                yield Span(*piece)
            start = line_end


def split_records(work: Work) -> Iterator[Span]:
    """Make each part of the document a chunk; one that is too long is cut like prose."""
    prose = Prose(work.document)
    for start, end in work.regions():
        for piece in work.packer.pack(start, end, prose, work.sizes.tokens):
            yield Span(*piece)
