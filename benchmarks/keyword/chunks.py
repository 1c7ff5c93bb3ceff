"""Any number of chunks, made of the sentences of real sets."""

import random
import re
from collections.abc import Iterator
from itertools import chain

from benchmarks.keyword.sets import RetrievalSet
from tao_servers.knowledge.index.analysis import terms

__all__ = ["Chunks"]

_SENTENCE = re.compile(r"[^。！？.!?\n]+[。！？.!?\n]*")
_TERMS_OF_A_CHUNK = 125
_QUESTIONS = 300
_LONG_CHARS = 2_000


class Chunks:
    """`size` chunks of about 125 terms, each of neighbouring and random sentences of one set; repeatable."""

    def __init__(self, sets: list[RetrievalSet], size: int) -> None:
        self.size = size
        self._sets = [
            [terms(found) for text in one.passages.values() for found in _SENTENCE.findall(text)]
            for one in sets
        ]
        chance = random.Random(size)
        asked = list(chain.from_iterable(one.questions.values() for one in sets))
        self.questions = chance.sample(asked, min(_QUESTIONS, len(asked)))
        self.long_questions = [
            "\n".join(chance.choices(list(one.passages.values()), k=20))[:_LONG_CHARS] for one in sets
        ]

    def rows(self) -> Iterator[list[str]]:
        """The terms of each chunk."""
        chance = random.Random(7)
        for _ in range(self.size):
            sentences = chance.choice(self._sets)
            chunk: list[str] = []
            while len(chunk) < _TERMS_OF_A_CHUNK:
                chunk += chance.choice(sentences) or ["-"]
            yield chunk
