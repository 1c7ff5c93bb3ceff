"""More documents than the indexes are told of limit a search all the same, and nothing of them is lost."""

from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest

from tao.models.embeddings import Embedder
from tao_servers.knowledge.document import Chunk
from tao_servers.knowledge.index import Passage
from tao_servers.knowledge.retrieving.legs import Legs

CHUNKS = 30_000


class Many:
    """A collection in which each chunk is a document, and the lower its number, the better it matches."""

    language = "en"

    def __init__(self, embedder: Embedder) -> None:
        self.embedder = embedder

    def nearest(
        self, query: object, limit: int, *, documents: Collection[int] | None = None
    ) -> list[tuple[int, float]]:
        ids = range(CHUNKS) if documents is None else sorted(documents)
        return [(id_, 1 - id_ / CHUNKS) for id_ in ids[:limit]]

    matching = nearest

    def passages(self, ids: Sequence[int]) -> dict[int, Passage]:
        return {id_: Passage(id_, id_, f"{id_}.txt", None, Chunk(f"text {id_}", 0, 9, 1, 1)) for id_ in ids}


@pytest.mark.parametrize(("dense", "keyword"), [(True, False), (False, True), (True, True)])
@pytest.mark.parametrize("first", [3, 20_000])
def test_passages_of_many_documents_are_found_however_far_they_are(
    embedder: Embedder, dense: bool, keyword: bool, first: int
) -> None:
    wanted = range(first, first + 6_000)
    with ThreadPoolExecutor(1) as beside:
        legs = Legs(dense=dense, keyword=keyword, beside=beside)
        found = legs.retrieve(cast("Any", Many(embedder)), "query", 5, documents=wanted)
    assert [candidate.passage.id for candidate in found.candidates] == [*wanted[:5]]
