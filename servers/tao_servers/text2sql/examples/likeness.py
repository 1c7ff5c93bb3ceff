"""How like the stored questions are to one that is asked."""

import logging
import threading
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tao.errors import ConfigError, ModelError
from tao_servers.text2sql.examples.masking import masked
from tao_servers.text2sql.linking.bm25 import Bm25
from tao_servers.text2sql.linking.words import terms

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tao.models.embeddings import Embedder

__all__ = ["Likeness"]

_LOG = logging.getLogger(__name__)

# Over the neighbours of 1,400 questions of four public sets, the statements of two questions of a database
# share .28 of their parts by chance. With cosines below .5 they share .32, below .6 about .34, from .6 to .7
# .43, from .8 on .56 and more; with scores by words below .1 they share .34, above .42 and more.
_LEAST_COSINE = 0.6
_LEAST_WORDS = 0.1


class Likeness:
    """Compares questions by their meaning, values aside. Blocks; safe to use from several threads.

    Without an embedder, or once it fails, their words are compared, so that both must be in one language.
    The vectors of the questions that were given last are kept.
    """

    def __init__(self, embedder: "Embedder | None") -> None:
        self._embedder = embedder
        self._lock = threading.Lock()
        self._known: dict[str, NDArray[np.float32]] = {}

    def ranked(self, asked: str, questions: Sequence[str]) -> list[int]:
        """The places of those that are like enough to `asked`, the likest first."""
        least, scores = self._scores(masked(asked), [masked(question) for question in questions])
        likely = [place for place, score in enumerate(scores) if score >= least]
        return sorted(likely, key=lambda place: (-scores[place], place))

    def _scores(self, asked: str, questions: Sequence[str]) -> tuple[float, list[float]]:
        with self._lock:
            if self._embedder is not None:
                try:
                    return _LEAST_COSINE, self._cosines(self._embedder, asked, questions)
                except (ConfigError, ModelError) as exc:
                    _LOG.warning("Examples are chosen by their words alone: %s", exc)
                    self._embedder = None
        words = Bm25([dict(Counter(terms(question))) for question in questions]).scores(terms(asked))
        return _LEAST_WORDS, [words.get(place, 0.0) for place in range(len(questions))]

    def _cosines(self, embedder: "Embedder", asked: str, questions: Sequence[str]) -> list[float]:
        import numpy as np

        new = [question for question in dict.fromkeys(questions) if question not in self._known]
        # Two questions are told apart by the same side of the model.
        vectors = embedder.embed([asked, *new], kind="query")
        known = self._known | dict(zip(new, vectors[1:], strict=True))
        self._known = {question: known[question] for question in questions}
        cosines = np.stack([known[question] for question in questions]) @ vectors[0]
        return [float(cosine) for cosine in cosines]
