"""Values that mean what words in another language say."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tao_servers.text2sql.linking.asked import Asked
from tao_servers.text2sql.linking.words import has_han

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tao.models.embeddings import Embedder

__all__ = ["ValueMeaning"]

# Columns of kinds and places, not of people's names: the few values of a column are embedded, those of
# columns with fewest first. A thousand short texts take about half a second on two cores.
_MOST_OF_A_COLUMN = 100
_MOST = 4_000
# Codes such as IN and DE mean nothing by themselves.
_LETTERS = 3
# Of what is asked for by itself; a part of a question is more often none.
_CUTOFF = 0.70
_QUESTION_CUTOFF = 0.78

Place = tuple[int, str]


class ValueMeaning:
    """Vectors of values, made once, on first use. Not for several threads at once."""

    def __init__(self, columns: Sequence[Sequence[str]], embedder: "Embedder") -> None:
        self._embedder = embedder
        self._places = _few(columns)
        self._texts = list(self._places)
        self._chinese = [has_han(text) for text in self._texts]
        self._vectors: NDArray[np.float32] | None = None

    def prepare(self) -> Sequence[Place]:
        """Make the vectors now; nothing is found."""
        if self._texts:
            self._all()
        return ()

    def search(self, text: str, most: int = 10) -> Iterator[tuple[Place, float]]:
        """Values near `text`, in whatever language, with their cosines."""
        if not self._texts:
            return
        # A name in lower case is farther from its translation than it should be: beijing .69, Beijing .87.
        forms = list(dict.fromkeys((text, text.title())))
        cosines = (self._all() @ self._embedder.embed(forms, kind="query").T).max(axis=1)
        for number in (-cosines).argsort(kind="stable")[:most].tolist():
            if cosines[number] >= _CUTOFF:
                for place in self._places[self._texts[number]]:
                    yield place, float(cosines[number])

    def in_question(self, asked: Asked) -> Iterator[tuple[Place, str, float]]:
        """For parts of a question, the nearest value in the other language, the part, and the cosine."""
        if asked.embedder is not self._embedder:
            asked = Asked(asked.text, self._embedder)
        if not self._texts or not asked.windows:
            return
        import numpy as np

        cosines = asked.vectors[1:] @ self._all().T
        # In the same language, what is alike but not the same is another value: Monday, Tuesday.
        other = np.array([has_han(window) for window in asked.windows])[:, None] != np.array(self._chinese)
        cosines = np.where(other, cosines, 0.0)
        for value in np.flatnonzero(cosines.max(axis=0) >= _QUESTION_CUTOFF).tolist():
            window = int(cosines[:, value].argmax())
            # A part may come near to several values; it means the nearest.
            if cosines[window].argmax() == value:
                for place in self._places[self._texts[value]]:
                    yield place, asked.windows[window], float(cosines[window, value])

    def _all(self) -> "NDArray[np.float32]":
        if self._vectors is None:
            self._vectors = self._embedder.embed(self._texts)
        return self._vectors


def _few(columns: Sequence[Sequence[str]]) -> dict[str, list[Place]]:
    found: dict[str, list[Place]] = {}
    fewest = sorted(range(len(columns)), key=lambda number: (len(columns[number]), number))
    for number in fewest:
        if len(columns[number]) > _MOST_OF_A_COLUMN:
            break
        for value in columns[number]:
            if value in found:
                found[value].append((number, value))
            elif len(found) < _MOST and sum(map(str.isalpha, value)) >= (1 if has_han(value) else _LETTERS):
                found[value] = [(number, value)]
    return found
