"""`python -m benchmarks.crashes.reader STORE`: searches until stdin ends, and prints what it met."""

import json
import random
import sys
import threading
from collections import Counter
from pathlib import Path

from benchmarks.crashes.folder import generations, marks
from benchmarks.crashes.looking import texts
from tao.models.embeddings import BundledEmbedder
from tao_servers.knowledge.index import EmptyStoreError, Place
from tao_servers.knowledge.retrieving import Match, Searcher

_QUERIES = (
    "winter lantern",
    "茶叶 仓库",
    "花园里的雨伞",
    "mark",
    "the harbour in a thunder storm",
    "zq3x1w 年假",
)


def main() -> None:
    """Search, look at the catalogue, and do it again."""
    place = Place(Path(sys.argv[1]))
    ended = threading.Event()
    threading.Thread(target=_wait_for_the_end, args=(ended,), daemon=True).start()
    met: Counter[str] = Counter()
    errors: Counter[str] = Counter()
    with Searcher(place, BundledEmbedder()) as searcher:
        while not ended.wait(0.05):
            try:
                met["half"] += sum(map(_is_half, searcher.search(random.choice(_QUERIES), 5)))
                met["searches"] += 1
                met["half"] += len(generations(texts(place))[1])
            except EmptyStoreError as exc:
                if met["searches"]:
                    errors[f"{exc}"] += 1
                met["empty"] += 1
            except Exception as exc:
                # Whatever it is, it is a finding, and the search goes on.
                errors[f"{type(exc).__name__}: {exc}"[:300]] += 1
    print(json.dumps({"searches": 0, "half": 0, **met, "errors": errors}))


def _wait_for_the_end(ended: threading.Event) -> None:
    sys.stdin.read()
    ended.set()


def _is_half(match: Match) -> bool:
    return len({(document, generation) for document, generation, _ in marks(match.text)}) != 1


if __name__ == "__main__":
    main()
