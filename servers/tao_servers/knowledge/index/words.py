"""The keyword index: which chunks have which terms, ranked by BM25 (Robertson and Zaragoza 2009).

Its k1 is 1.2 and its b 0.75, as tantivy has them. The files hold ids and terms and no text; they are made
anew from the catalogue when they are lost.
"""

import json
import math
import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tao.models.loading import load
from tao_servers.knowledge.index.analysis import FORM, terms
from tao_servers.knowledge.index.errors import BusyStoreError, DamagedIndexError, StoreError

if TYPE_CHECKING:
    from tantivy import Index, IndexWriter, Query, Schema

__all__ = ["Words", "open_words"]

# One thread takes more terms a second than Python can make; the heap is what it gathers before it writes.
_HEAP_BYTES = 64_000_000
_THREADS = 1
# The rarest terms of a long question tell passages apart, and each one costs time.
_MOST_TERMS = 48
_K1 = 1.2
# What stands in so many of the chunks costs most and tells least. Leaving it out changed nDCG@10 by less than
# .004 on cmrc2018, dureader_search, hotpotqa and scifact, with a tenth instead of a fifth by up to .007; and
# among a million chunks a question took 3 ms instead of 16.
_COMMON_SHARE = 0.2
_FEW_CHUNKS = 1000
_FEWEST_TERMS = 3
_QUESTION_CHARS = 10_000
_IDS_AT_ONCE = 100_000
_FIELD = f"terms{FORM}"
# No right to it, a file too large, no space, a read-only disk, a quota: files that are none the worse for it.
_NOT_ITS_FAULT = re.compile(r"os error (13|27|28|30|122)\b")


@contextmanager
def open_words(folder: Path, *, write: bool) -> Iterator["Words"]:
    """Open the keyword index in `folder`; a writer makes what is missing, and there is one at a time.

    Readers may go on in other processes meanwhile. What is not committed at the end is given up.

    Raises:
        BusyStoreError: another process writes to it.
        DamagedIndexError: it is missing, broken, or has the terms of an earlier release.
        OSError: the folder cannot be written.
        MissingExtra: tantivy is not installed.
    """
    tantivy = load("tantivy", extra="knowledge")
    if write:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    elif not (folder / "meta.json").is_file():
        raise DamagedIndexError(f"The keyword index {str(folder)!r} is missing.")
    with _told(folder):
        schema = _schema()
        index: Index = tantivy.Index(schema, str(folder), reuse=True)
        index.config_reader("manual")
        words = Words(folder, index, schema, _writer(index, folder) if write else None)
        words.refresh()
    try:
        yield words
    finally:
        words.close()


class Words:
    """An open keyword index; its calls block. A reader sees what was committed before its last refresh."""

    def __init__(self, folder: Path, index: "Index", schema: "Schema", writer: "IndexWriter | None") -> None:
        self._folder = folder
        self._index = index
        self._schema = schema
        self._writer = writer
        self._searcher = index.searcher()
        self._weighed = 0

    def add(self, rows: Iterable[tuple[int, int, str]]) -> None:
        """Add chunks: the chunk's id, its document's id, and the text that it is to be found by."""
        self.add_terms((chunk, document, terms(text)) for chunk, document, text in rows)

    def add_terms(self, rows: Iterable[tuple[int, int, Iterable[str]]]) -> None:
        """Add chunks whose texts are `terms` already."""
        document = load("tantivy", extra="knowledge").Document.from_dict
        writer = self._writing()
        for chunk, owner, found in rows:
            fields = {"chunk": chunk, "document": owner, _FIELD: " ".join(found)}
            with _told(self._folder):
                writer.add_document(document(fields, self._schema))

    def delete_documents(self, documents: Iterable[int]) -> None:
        """Delete all chunks of these documents."""
        query = load("tantivy", extra="knowledge").Query
        with _told(self._folder):
            # Deleting by a term takes a Python number for a signed one, and finds nothing here.
            self._writing().delete_documents_by_query(
                query.term_set_query(self._schema, "document", list(documents))
            )

    def clear(self) -> None:
        """Delete everything."""
        with _told(self._folder):
            self._writing().delete_all_documents()

    def commit(self) -> None:
        """Put on the disk, all or nothing, what was added and deleted."""
        with _told(self._folder):
            self._writing().commit()
            self.refresh()

    def refresh(self) -> None:
        """See what was committed until now."""
        with _told(self._folder):
            self._index.reload()
            self._searcher = self._index.searcher()
            self._weighed = max(_chunks_weighed(self._folder), self._searcher.num_docs)

    def search(
        self, query: str, limit: int, *, documents: Collection[int] | None = None
    ) -> list[tuple[int, float]]:
        """The ids of the chunks that share most with `query`, with their BM25 scores, best first.

        With `documents`, only their chunks. A question without a known word finds nothing.
        """
        with _told(self._folder):
            wanted = self._query(query)
            if wanted is None or limit < 1 or (documents is not None and not documents):
                return []
            if documents is not None:
                wanted = self._within(wanted, documents)
            hits = self._searcher.search(wanted, limit, count=False).hits
            ids: list[Any] = self._searcher.fast_field_values("chunk", [address for _, address in hits])
        return [(chunk, score) for chunk, (score, _) in zip(ids, hits, strict=True)]

    def best_score(self, query: str) -> float:
        """What a chunk could score at most for `query`: one that has all its words, and countless times."""
        with _told(self._folder):
            terms_ = self._rarest(query)
        # Unknown words count as words that one chunk has: among a few chunks they would outweigh all others.
        unknown = [1 for n, _ in terms_ if not n][:_MOST_TERMS]
        known = [n for n, _ in terms_ if n][:_MOST_TERMS]
        number = max(self._weighed, *known, 0)
        weights = (math.log(1 + (number - n + 0.5) / (n + 0.5)) for n in (*unknown, *known))
        return (_K1 + 1) * sum(weights)

    def count(self) -> int:
        """How many chunks there are."""
        return self._searcher.num_docs

    def ids(self) -> Iterator[int]:
        """The ids of all chunks, ascending."""
        tantivy = load("tantivy", extra="knowledge")
        first = 0
        while True:
            with _told(self._folder):
                rest = tantivy.Query.range_query(
                    self._schema, "chunk", tantivy.FieldType.Unsigned, first, None, True, True
                )
                hits = self._searcher.search(
                    rest, _IDS_AT_ONCE, count=False, order_by_field="chunk", order=tantivy.Order.Asc
                ).hits
            yield from (chunk for chunk, _ in hits)
            if len(hits) < _IDS_AT_ONCE:
                return
            first = hits[-1][0] + 1

    def close(self) -> None:
        """Let go of the files, after the merges that are under way."""
        writer, self._writer = self._writer, None
        if writer is not None:
            with _told(self._folder):
                writer.wait_merging_threads()

    def _writing(self) -> "IndexWriter":
        if self._writer is None:
            raise ValueError(f"The keyword index {str(self._folder)!r} is open for reading only, or closed.")
        return self._writer

    def _query(self, query: str) -> "Query | None":
        tantivy = load("tantivy", extra="knowledge")
        rarest = [(n, term) for n, term in self._rarest(query) if n][:_MOST_TERMS]
        common = max(_FEW_CHUNKS, _COMMON_SHARE * self._weighed)
        rarest = [(n, term) for at, (n, term) in enumerate(rarest) if at < _FEWEST_TERMS or n <= common]
        should = tantivy.Occur.Should
        clauses = [
            (should, tantivy.Query.term_query(self._schema, _FIELD, term, "freq")) for _, term in rarest
        ]
        return tantivy.Query.boolean_query(clauses) if clauses else None

    def _rarest(self, query: str) -> list[tuple[int, str]]:
        """The terms of `query` with the number of chunks that have them, the rarest first."""
        once = dict.fromkeys(terms(query[:_QUESTION_CHARS]))
        return sorted((self._searcher.doc_freq(_FIELD, term), term) for term in once)

    def _within(self, wanted: "Query", documents: Collection[int]) -> "Query":
        tantivy = load("tantivy", extra="knowledge")
        must = tantivy.Occur.Must
        owned = tantivy.Query.term_set_query(self._schema, "document", list(documents))
        silent = tantivy.Query.const_score_query(owned, 0.0)
        query: Query = tantivy.Query.boolean_query([(must, wanted), (must, silent)])
        return query


def _chunks_weighed(folder: Path) -> int:
    """The chunks that tantivy weighs terms by: deleted ones, too, as long as their segment has others."""
    segments = json.loads((folder / "meta.json").read_text(encoding="utf-8"))["segments"]
    return sum(segment["max_doc"] for segment in segments)


def _schema() -> "Schema":
    builder = load("tantivy", extra="knowledge").SchemaBuilder()
    builder.add_unsigned_field("chunk", indexed=True, fast=True)
    builder.add_unsigned_field("document", indexed=True)
    builder.add_text_field(_FIELD, tokenizer_name="whitespace", index_option="freq")
    schema: Schema = builder.build()
    return schema


def _writer(index: "Index", folder: Path) -> "IndexWriter":
    try:
        return index.writer(_HEAP_BYTES, _THREADS)
    except ValueError as exc:
        if "lock" in str(exc).lower():
            raise BusyStoreError(
                f"Another process is writing to the keyword index {str(folder)!r}. Wait until it ends."
            ) from exc
        raise


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Make a `DamagedIndexError` of what tantivy raises; a panic of it is no `Exception`."""
    try:
        yield
    except BaseException as exc:
        if isinstance(exc, ValueError) and _NOT_ITS_FAULT.search(str(exc)):
            raise StoreError(f"The keyword index {str(folder)!r} cannot be used: {exc}.") from exc
        if isinstance(exc, ValueError) or type(exc).__name__ == "PanicException":
            raise DamagedIndexError(f"The keyword index {str(folder)!r} cannot be used: {exc}.") from exc
        raise
