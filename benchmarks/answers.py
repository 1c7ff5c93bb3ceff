"""How right a short answer is: exact match and F1 as HotpotQA's own evaluation script defines them.

Source: github.com/hotpotqa/hotpot, hotpot_evaluate_v1.py.
"""

import re
import string
from collections import Counter
from collections.abc import Sequence
from random import Random

__all__ = ["contains", "exact_match", "f1", "interval", "normalised"]

_ARTICLE = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_CLOSED = ("yes", "no", "noanswer")


def normalised(text: str) -> str:
    """Lower case, without ASCII punctuation, English articles and superfluous space."""
    return " ".join(_ARTICLE.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def exact_match(answer: str, gold: Sequence[str]) -> float:
    """1.0 when the answer is one of `gold`, else 0.0."""
    return float(any(normalised(answer) == normalised(one) for one in gold))


def contains(answer: str, gold: Sequence[str]) -> float:
    """1.0 when one of `gold` stands in the answer word for word, else 0.0."""
    words = f" {normalised(answer)} "
    return float(any(f" {normalised(one)} " in words for one in gold))


def f1(answer: str, gold: Sequence[str]) -> float:
    """The best overlap in words with one of `gold`, from 0 to 1."""
    return max((_f1(normalised(answer), normalised(one)) for one in gold), default=0.0)


def _f1(answer: str, gold: str) -> float:
    # A closed answer is right or wrong: "no, it is not" shares nothing with "no" by the official script.
    if answer != gold and (answer in _CLOSED or gold in _CLOSED):
        return 0.0
    said, wanted = answer.split(), gold.split()
    common = sum((Counter(said) & Counter(wanted)).values())
    return 2 * common / (len(said) + len(wanted)) if common else 0.0


def interval(scores: Sequence[float], *, resamples: int = 5000, seed: int = 0) -> tuple[float, float]:
    """The 95 % percentile bootstrap interval of the mean of `scores`; the same for the same scores."""
    random = Random(seed)
    means = sorted(sum(random.choices(scores, k=len(scores))) / len(scores) for _ in range(resamples))
    return means[int(0.025 * resamples)], means[int(0.975 * resamples) - 1]
