"""How well passages are found, and how fast terms are."""

import math
import time
from pathlib import Path

from benchmarks.keyword.sets import RetrievalSet
from tao_servers.knowledge.index.analysis import terms
from tao_servers.knowledge.index.words import Words, open_words

__all__ = ["analysis_speed", "quality"]

_DEPTH = 10
_SAMPLE_CHARS = 2_000_000


def quality(one: RetrievalSet, folder: Path) -> dict[str, float | None]:
    """nDCG@10 of the keyword index on a set, and what its README says of a plain BM25."""
    names = list(one.passages)
    with open_words(folder, write=True) as words:
        words.add((n, n, text) for n, text in enumerate(one.passages.values()))
        words.commit()
        scores = [_ndcg(words, names, text, one.relevant[id_]) for id_, text in one.questions.items()]
    return {"ndcg10": round(sum(scores) / len(scores), 4), "plain_bm25": one.baseline}


def _ndcg(words: Words, names: list[str], question: str, relevant: dict[str, float]) -> float:
    found = [relevant.get(names[chunk], 0.0) for chunk, _ in words.search(question, _DEPTH)]
    return _gain(found) / _gain(sorted(relevant.values(), reverse=True)[:_DEPTH])


def _gain(scores: list[float]) -> float:
    return sum(score / math.log2(rank + 2) for rank, score in enumerate(scores))


def analysis_speed(sets: list[RetrievalSet]) -> dict[str, float]:
    """Megabytes of each set's passages that are made into terms in a second of one core."""
    terms("繁體字 and warming up")
    found = {}
    for one in sets:
        text = "\n".join(one.passages.values())[:_SAMPLE_CHARS]
        begun = time.process_time()
        terms(text)
        found[one.name] = round(len(text.encode()) / 1e6 / (time.process_time() - begun), 2)
    return found
