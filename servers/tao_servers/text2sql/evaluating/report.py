"""What was measured: the share of right answers, its certainty, what it took, and how the others failed."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from tao_servers.text2sql.evaluating.trial import Trial

__all__ = ["Figures", "failure_table", "figures", "grouped", "main_table", "wilson"]

# The quantile of the normal distribution for a confidence of 95 %.
_Z = 1.959964


@dataclass(frozen=True, slots=True)
class Figures:
    """What some trials come to.

    `seconds`, `tokens` (read and written), `written_tokens` and `requests` are means for a question that the
    model answered; `failures` counts those that were not right by kind, the most frequent first.
    """

    n: int
    right: int
    seconds: float
    tokens: float
    written_tokens: float
    requests: float
    mended: int
    failures: Mapping[str, int]

    @property
    def ex(self) -> float:
        """Execution accuracy: the share of questions with the right rows."""
        return self.right / self.n if self.n else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The bounds of `ex` with a confidence of 95 %, of which `wilson` says what it takes for granted."""
        return wilson(self.right, self.n)

    def as_json(self) -> dict[str, Any]:
        """The figures as JSON values."""
        return {
            "n": self.n,
            "right": self.right,
            "ex": round(self.ex, 4),
            "ex_interval": [round(bound, 4) for bound in self.interval],
            "seconds": round(self.seconds, 3),
            "tokens": round(self.tokens, 1),
            "written_tokens": round(self.written_tokens, 1),
            "requests": round(self.requests, 2),
            "mended": self.mended,
            "failures": dict(self.failures),
        }


def wilson(right: int, n: int) -> tuple[float, float]:
    """The 95 % score interval of a share (Wilson, 1927); from 0 to 1 when there is nothing.

    It takes the questions for independent of each other. Where several ask for the same statement, in two
    languages or in other words, there is less to go by than it counts, and the interval is too narrow.
    """
    if not n:
        return 0.0, 1.0
    share, square = right / n, _Z * _Z
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = _Z / (1 + square / n) * math.sqrt(share * (1 - share) / n + square / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def figures(trials: Sequence[Trial]) -> Figures:
    """What the trials come to."""
    answered = [trial for trial in trials if trial.answered]
    failures = Counter(trial.verdict.failure for trial in trials if not trial.right)
    return Figures(
        n=len(trials),
        right=sum(trial.right for trial in trials),
        seconds=_mean(trial.seconds for trial in answered),
        tokens=_mean(trial.tokens for trial in answered),
        written_tokens=_mean(trial.usage.completion_tokens for trial in answered),
        requests=_mean(trial.requests for trial in answered),
        mended=sum(bool(trial.mends) for trial in trials),
        failures=dict(failures.most_common()),
    )


def grouped(trials: Iterable[Trial]) -> dict[str, list[Trial]]:
    """The trials by set and language, such as `spider:zh`, in the order of their names."""
    groups: dict[str, list[Trial]] = defaultdict(list)
    for trial in trials:
        groups[trial.item.group].append(trial)
    return {name: groups[name] for name in sorted(groups)}


def main_table(sets: Mapping[str, Figures], pooled: Figures) -> list[list[str]]:
    """A line for each set and one for all; the first line has what the columns are called."""
    head = ["set", "questions", "EX", "95 % interval", "seconds", "tokens"]
    lines = [_line(name, one) for name, one in sets.items()]
    return [head, *lines, _line("all", pooled)] if len(sets) != 1 else [head, *lines]


def failure_table(pooled: Figures) -> list[list[str]]:
    """A line for each kind of failure; none without any."""
    lines = [[kind, str(count)] for kind, count in pooled.failures.items()]
    return [["not right", "questions"], *lines] if lines else []


def _line(name: str, one: Figures) -> list[str]:
    low, high = one.interval
    return [
        name,
        str(one.n),
        f"{one.ex:.3f}",
        f"{low:.3f} to {high:.3f}",
        f"{one.seconds:.1f}",
        f"{one.tokens:.0f}",
    ]


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return fmean(found) if found else 0.0
