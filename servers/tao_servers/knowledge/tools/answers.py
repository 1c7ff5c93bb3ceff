"""What the tools answer with, as structured content."""

from pydantic import BaseModel

__all__ = [
    "Change",
    "CollectionInfo",
    "DocumentInfo",
    "Passage",
    "Passages",
    "Shelf",
    "SourceText",
]


class Passage(BaseModel):
    """One passage; `start` and `end` count characters of its document."""

    id: str
    text: str
    source: str
    path: str
    line: int
    page: int | None = None
    heading: str | None = None
    start: int
    end: int
    score: float
    uri: str
    steps: dict[str, float] | None = None


class Passages(BaseModel):
    """What was found, the best first."""

    passages: list[Passage]
    note: str | None = None


class SourceText(BaseModel):
    """A part of a document; `start` and `end` count its characters, of which there are `characters`."""

    source: str
    path: str
    uri: str
    title: str | None = None
    text: str
    start: int
    end: int
    characters: int
    line: int
    page: int | None = None
    heading: str | None = None
    next_cursor: str | None = None
    note: str | None = None


class CollectionInfo(BaseModel):
    """A collection, as far as it matters for choosing one; languages with numbers of documents."""

    name: str
    documents: int
    languages: dict[str, int]
    first_date: str | None = None
    last_date: str | None = None
    titles: list[str]
    description: str | None = None


class DocumentInfo(BaseModel):
    """A document; read_source takes its `id`."""

    id: str
    path: str
    title: str | None = None
    language: str | None = None
    date: str | None = None
    pages: int | None = None
    chunks: int
    collection: str


class Shelf(BaseModel):
    """The collections, and a page of the documents; `total` counts all that match."""

    collections: list[CollectionInfo]
    documents: list[DocumentInfo]
    total: int
    next_cursor: str | None = None
    note: str | None = None


class Change(BaseModel):
    """What became of a document that was to be added or removed."""

    result: str
    source: str
    collection: str
    chunks: int
    uri: str | None = None
    note: str | None = None
