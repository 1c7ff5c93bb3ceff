"""The metrics, as RAGAS defines them: arXiv 2309.15217 and docs.ragas.io, "Available metrics", of 2025.

Where its documentation and its code say nothing or disagree, the docstring says what is done here. An empty
answer is not asked about: it is as evasive as can be, and makes no statement.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from tao_servers.knowledge.evaluating.answers.case import Case
from tao_servers.knowledge.evaluating.answers.judgements import Verdict
from tao_servers.knowledge.evaluating.answers.scores import Metric, Score, UnjudgedError

__all__ = ["EMBEDDED", "METRICS", "average_precision", "f1"]

_OF_FACTS, _OF_SIMILARITY = 0.75, 0.25


async def faithfulness(case: Case) -> Score:
    """Statements of the answer that can be inferred from the contexts / all statements of the answer.

    None for an answer that states nothing, as "I don't know" does (RAGAS: NaN).
    """
    _ = case.contexts
    statements = await case.statements("answer") if case.record.answer else []
    if not statements:
        raise UnjudgedError("The judge finds no statement in the answer.", failed=False)
    return await _share_supported(case, statements)


async def context_recall(case: Case) -> Score:
    """Statements of the reference that can be inferred from the contexts / all statements of it."""
    _ = case.contexts
    return await _share_supported(case, await _of_the_reference(case))


async def answer_relevance(case: Case) -> Score:
    """The mean cosine between the question and three questions made from the answer; 0 if it is evasive.

    The three are asked for in one call, and the model says once whether the answer is noncommittal: RAGAS
    asks three times and goes by all three, which at temperature 0 is the same. Cosines below 0 count as 0.
    """
    if not case.record.answer:
        return Score(0.0, details={"questions": [], "noncommittal": True})
    guess = await case.guess()
    if guess.noncommittal:
        return Score(0.0, details=guess.as_json())
    cosines = await case.cosines(case.record.question, list(guess.questions), "query")
    return Score(sum(cosines) / len(cosines), details={**guess.as_json(), "cosines": cosines})


async def answer_similarity(case: Case) -> Score:
    """The cosine of answer and reference ("semantic similarity", arXiv 2108.06130); 0 if it is less."""
    return Score(await _similarity(case))


async def answer_correctness(case: Case) -> Score:
    """.75 x F1 over statements + .25 x the similarity of answer and reference.

    TP: statements of the answer that the reference makes as well; FP: the other ones of the answer; FN:
    statements of the reference that the answer does not make. F1 = TP / (TP + .5 (FP + FN)). The judge
    gives a verdict on each statement where RAGAS has it write the three lists. An answer without a
    statement has an F1 of 0, as the formula says (the code of RAGAS: 1).
    """
    wanted = await _of_the_reference(case)
    said = await case.statements("answer") if case.record.answer else []
    right = await case.said_in(wanted, said) if said else []
    met = await case.said_in(said, wanted) if said else [Verdict(False)] * len(wanted)
    tp = sum(verdict.holds for verdict in right)
    missed = len(wanted) - sum(verdict.holds for verdict in met)
    facts = f1(tp, len(said) - tp, missed)
    similarity = await _similarity(case)
    details = {
        "answer": [verdict.of(text) for verdict, text in zip(right, said, strict=True)],
        "reference": [verdict.of(text) for verdict, text in zip(met, wanted, strict=True)],
        "f1": facts,
        "similarity": similarity,
    }
    return Score(_OF_FACTS * facts + _OF_SIMILARITY * similarity, details=details)


async def context_precision(case: Case) -> Score:
    """The mean of precision@k over the places k of the contexts judged useful; 0 if none is.

    Useful for arriving at the reference or, where there is none, at the answer ("context utilization").
    """
    contexts = case.contexts
    by, answer = (
        ("reference", case.record.reference) if case.record.reference else ("answer", case.record.answer)
    )
    if not answer:
        raise UnjudgedError("It has neither a reference nor an answer.", failed=False)
    verdicts = [await case.useful(context, answer) for context in contexts]
    judged = [{"verdict": int(verdict.holds), "reason": verdict.reason} for verdict in verdicts]
    value = average_precision([verdict.holds for verdict in verdicts])
    return Score(value, details={"by": by, "contexts": judged})


METRICS: Mapping[Metric, Callable[[Case], Awaitable[Score]]] = {
    "faithfulness": faithfulness,
    "answer_relevance": answer_relevance,
    "answer_similarity": answer_similarity,
    "answer_correctness": answer_correctness,
    "context_recall": context_recall,
    "context_precision": context_precision,
}
EMBEDDED: frozenset[Metric] = frozenset({"answer_relevance", "answer_similarity", "answer_correctness"})
"""Those that take the embedder."""


def f1(tp: int, fp: int, fn: int) -> float:
    """TP / (TP + .5 (FP + FN)); 0 where nothing is right."""
    return tp / (tp + 0.5 * (fp + fn)) if tp else 0.0


def average_precision(useful: Sequence[bool]) -> float:
    """The mean of precision@k over the places of what is useful; 0 if nothing is."""
    hits = [place for place, holds in enumerate(useful, start=1) if holds]
    return sum(number / place for number, place in enumerate(hits, start=1)) / len(hits) if hits else 0.0


async def _share_supported(case: Case, statements: list[str]) -> Score:
    verdicts = await case.supported(statements)
    judged = [verdict.of(text) for verdict, text in zip(verdicts, statements, strict=True)]
    return Score(sum(verdict.holds for verdict in verdicts) / len(verdicts), details={"statements": judged})


async def _of_the_reference(case: Case) -> list[str]:
    statements = await case.statements("reference")
    if not statements:
        raise UnjudgedError("The judge finds no statement in the reference.", failed=False)
    return statements


async def _similarity(case: Case) -> float:
    reference = case.reference
    if not case.record.answer:
        return 0.0
    return (await case.cosines(reference, [case.record.answer], "passage"))[0]
