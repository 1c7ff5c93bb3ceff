"""A chunk with what is known of its document, and the text that it is found by."""

from dataclasses import dataclass

from tao_servers.knowledge.document import Chunk

__all__ = ["Passage", "indexed_text"]

_DEEPER = " > "


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk of a live document, with the document's source and title."""

    id: int
    document: int
    source: str
    title: str | None
    chunk: Chunk

    @property
    def indexed_text(self) -> str:
        """What is embedded and indexed: the text, after what it is read by."""
        return indexed_text(self.title, self.chunk)


def indexed_text(title: str | None, chunk: Chunk) -> str:
    """What is embedded and indexed for a chunk of a document with this title."""
    lines = (_above(title, chunk), chunk.context, chunk.text, chunk.hints)
    return "\n".join(line for line in lines if line)


def _above(title: str | None, chunk: Chunk) -> str:
    """The headings that a text stands under, less the one that it begins with.

    With that one twice, the first chunk of a long page came before the one that answers: nDCG@10 by words on
    dureader_search was .741 instead of .757.
    """
    path = (chunk.heading or title or "").split(_DEEPER)
    if chunk.text.lstrip("# \n").startswith(path[-1]):
        path.pop()
    return _DEEPER.join(path)
