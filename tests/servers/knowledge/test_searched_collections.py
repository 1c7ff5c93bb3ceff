import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tao.models.embeddings import Embedder
from tao_servers.knowledge.index import EmptyStoreError, Place
from tao_servers.knowledge.retrieving import Searcher


def test_a_collection_that_was_deleted_and_made_again_is_searched_anew(
    tmp_path: Path, place: Place, embedder: Embedder, fill: Callable[..., object]
) -> None:
    old, new = tmp_path / "old.txt", tmp_path / "new.txt"
    old.write_text("The price is 100.", encoding="utf-8")
    new.write_text("The price is 200.", encoding="utf-8")
    fill(old)
    with Searcher(place, embedder) as searcher:
        assert searcher.search("price")[0].source == "old.txt"
        shutil.rmtree(place.folder)
        with pytest.raises(EmptyStoreError):
            searcher.search("price")
        fill(new)
        assert [match.source for match in searcher.search("price")] == ["new.txt"]
