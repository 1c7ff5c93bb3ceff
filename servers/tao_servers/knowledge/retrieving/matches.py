"""A passage as it is found, with its place."""

from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING

from tao_servers.knowledge.retrieving.candidates import Candidate

if TYPE_CHECKING:
    from tao_servers.knowledge.index import Collection

__all__ = ["Match", "as_match"]


@dataclass(frozen=True, slots=True)
class Match:
    """A passage that was found, with its place; the higher the score, the better.

    `path` is the document's source, `source` its file name, and `document` its id. `start` and `end` count
    characters. What was found begins at the character `at` of `text`, which may have more around it.
    `steps` has what each stage gave it, in their order.
    """

    text: str
    source: str
    path: str
    line: int
    score: float
    page: int | None = None
    heading: str = ""
    start: int = 0
    end: int = 0
    at: int = 0
    document: int = 0
    steps: dict[str, float] = field(default_factory=dict)

    def excerpt(self, chars: int) -> str:
        """Of a longer text so many characters, what was found among them, and marks where it is cut."""
        start = self.at if self.at > chars // 2 and len(self.text) > chars else 0
        before, after = "[cut]… " if start else "", " …[cut]" if start + chars < len(self.text) else ""
        return f"{before}{self.text[start : start + chars]}{after}"


def as_match(candidate: Candidate, collection: "Collection") -> Match:
    """The passage with the text that is worth reading around it."""
    passage, chunk = candidate.passage, candidate.passage.chunk
    start, end = chunk.parent or (chunk.start, chunk.end)
    text = collection.catalogue.span(passage.document, start, end) if chunk.parent else chunk.text
    text = f"{chunk.context}\n{text}" if chunk.context else text
    return Match(
        text=text,
        source=PurePath(passage.source).name or passage.source,
        path=passage.source,
        line=chunk.line,
        score=candidate.score,
        page=chunk.page,
        heading=chunk.heading,
        start=start,
        end=end,
        at=max(0, text.find(chunk.text)) if chunk.parent else 0,
        document=passage.document,
        steps=candidate.steps,
    )
