"""How well the strategies answer questions that need two articles, over a search tool on the given articles.

`python -m benchmarks.hotpotqa --data DIR [--limit 25] [--samples 5] [--model local] [--strategies NAMES]
[--no-cache] [--logs DIR] [--json]`. `DIR` holds `queries.jsonl` (with `answers`) and `corpus.jsonl`. Every
strategy is given the same question with the same request to be brief. Acting has prompts of its own in
hotpotqa_prompts/, since Tao's ask for whole sentences, which no exact match allows: shorter rules, and two
invented examples as in the paper. `act` is the same without the thoughts. Replies are kept on disk, so that
a run that was ended goes on where it was.

The last line is JSON: exact match and F1 with 95 % bootstrap intervals over the questions; `contains`, the
share of answers in which a right one stands word for word; the mean seconds that the model took and the mean
tokens that it read and wrote per question. A strategy that combines two is told the same replies as these.
"""

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean
from typing import Any

import anyio
import click

from benchmarks.act_only import ActOnlyDialect
from benchmarks.answers import contains, exact_match, f1, interval
from benchmarks.model_cache import CachedModel, Replies
from benchmarks.wiki_search import WikiSearch, load_articles
from tao.agent import named_model
from tao.dialects import Dialect, SchemaDialect
from tao.errors import ModelError, TaoError
from tao.models.chat import ChatModel
from tao.models.opening import open_model
from tao.runs import RunLog, new_run_id
from tao.settings import AgentSettings, ModelSettings, StrategyName, cache_dir, load_settings
from tao.strategies import Run, Strategy, make_strategy

_STRATEGIES: Mapping[str, StrategyName] = {
    "react": "react",
    "act": "react",
    "cot": "cot",
    "cot_sc": "cot_sc",
    "react>cot_sc": "react>cot_sc",
    "cot_sc>react": "cot_sc>react",
}
_PROMPTS = Path(__file__).parent / "hotpotqa_prompts"
_BRIEF = "Answer with a few words only."
# Every prompt holds the date: with today's, no reply would be found again tomorrow.
_NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Question:
    """A question and the answers that are right."""

    id: str
    text: str
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What one strategy made of one question."""

    em: float
    f1: float
    contains: float
    seconds: float
    tokens: int
    stop_reason: str


@dataclass(frozen=True, slots=True)
class Bench:
    """What all questions are asked with."""

    model: ChatModel
    replies: Replies
    search: WikiSearch
    samples: int
    logs: Path


def load_questions(path: Path, limit: int) -> list[Question]:
    """The first `limit` questions of a `queries.jsonl`."""
    with path.open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return [Question(row["_id"], row["text"].strip(), tuple(row["answers"])) for row in rows[:limit]]


def strategy(name: str, bench: Bench) -> Strategy:
    """A strategy by its name here."""
    dialect: Dialect = ActOnlyDialect(prompts=_PROMPTS) if name == "act" else SchemaDialect(prompts=_PROMPTS)
    settings = AgentSettings(strategy=_STRATEGIES[name], samples=bench.samples)
    return make_strategy(settings, bench.search, [dialect])


async def attempt(name: str, question: Question, bench: Bench) -> tuple[str, Result]:
    """One strategy's answer to one question, and how good it is."""
    model = CachedModel(bench.model, bench.replies)
    async with RunLog(bench.logs, run_id := new_run_id()) as log:
        run = Run(
            id=run_id,
            question=f"{question.text} {_BRIEF}",
            model=model,
            log=log,
            send=lambda event: None,
            prompts=_PROMPTS,
            place=None,
            now=_NOW,
        )
        log.started(run_id=run_id, question=run.question, model=model.name, strategy=name, tools=[])
        try:
            answer = await strategy(name, bench).answer(run)
            text, reason = answer.text, str(answer.stop_reason)
            log.event(answer)
        except ModelError as exc:
            # Such as a prompt that cannot be made short enough: a question lost, and not the whole run.
            log.failed(exc)
            print(f"{name} gave up: {exc}", file=sys.stderr, flush=True)
            text, reason = "", "error"
    tokens = run.usage.prompt_tokens + run.usage.completion_tokens
    gold = question.answers
    scores = (exact_match(text, gold), f1(text, gold), contains(text, gold))
    return text, Result(*scores, model.seconds, tokens, reason)


async def measure(
    names: Sequence[str], questions: Sequence[Question], bench: Bench, say: Callable[[str], None]
) -> dict[str, list[Result]]:
    """Every strategy on every question."""
    results: dict[str, list[Result]] = {name: [] for name in names}
    for number, question in enumerate(questions, start=1):
        say(f"{number}/{len(questions)} {question.text} [{' | '.join(question.answers)}]")
        for name in names:
            text, result = await attempt(name, question, bench)
            results[name].append(result)
            say(f"    {name}: {text!r} (F1 {result.f1:.2f}, {result.seconds:.0f} s, {result.stop_reason})")
    return results


def report(results: Mapping[str, Sequence[Result]], model: str) -> dict[str, Any]:
    """The figures of all strategies."""
    return {
        "n": max(map(len, results.values()), default=0),
        "model": model,
        "strategies": {name: _figures(found) for name, found in results.items()},
    }


def _figures(found: Sequence[Result]) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    for name, scores in (("em", [one.em for one in found]), ("f1", [one.f1 for one in found])):
        figures[name] = round(fmean(scores), 4)
        figures[f"{name}_interval"] = [round(bound, 4) for bound in interval(scores)]
    return figures | {
        "contains": round(fmean(one.contains for one in found), 4),
        "seconds": round(fmean(one.seconds for one in found), 2),
        "tokens": round(fmean(one.tokens for one in found), 1),
        "stop_reasons": dict(Counter(one.stop_reason for one in found)),
    }


def _table(figures: Mapping[str, Any]) -> str:
    lines = [f"{'':14}   EM           F1           contains  seconds  tokens"]
    for name, one in figures["strategies"].items():
        em, overlap = (
            f"{one[score]:.2f} {one[f'{score}_interval'][0]:.2f}-{one[f'{score}_interval'][1]:.2f}"
            for score in ("em", "f1")
        )
        costs = f"{one['contains']:8.2f}  {one['seconds']:7.1f}  {one['tokens']:6.0f}"
        lines.append(f"{name:14}  {em}  {overlap}  {costs}")
    return "\n".join(lines)


def _names(value: str) -> list[str]:
    names = value.split(",")
    if unknown := [name for name in names if name not in _STRATEGIES]:
        raise click.BadParameter(f"no strategy {unknown[0]!r}; there are {', '.join(_STRATEGIES)}")
    return names


def _replies(settings: ModelSettings, *, kept: bool) -> Replies:
    # The embedded model's address differs from start to start, and says nothing of the model.
    depends_on = settings.model_dump(
        mode="json", include={"name", "base_url", "temperature", "max_tokens", "extra_body"}
    )
    return Replies(cache_dir() / "benchmarks" / "replies" if kept else None, depends_on)


@click.command()
@click.option("--data", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--limit", type=click.IntRange(min=1), default=25, show_default=True, help="Questions.")
@click.option("--samples", type=click.IntRange(1, 40), default=5, show_default=True, help="Of cot_sc.")
@click.option("--model", "name", default="local", show_default=True, help="Embedded, or of the endpoint.")
@click.option("--strategies", "names", default=",".join(_STRATEGIES), show_default=True)
@click.option("--no-cache", is_flag=True, help="Ask the model anew, and keep nothing.")
@click.option("--logs", type=click.Path(file_okay=False, path_type=Path), help="Keep the run logs there.")
@click.option("--json", "as_json", is_flag=True, help="No table, only the JSON object.")
def main(
    data: Path,
    limit: int,
    samples: int,
    name: str,
    names: str,
    no_cache: bool,
    logs: Path | None,
    as_json: bool,
) -> None:
    """Compare the strategies on HotpotQA questions."""
    chosen = _names(names)
    questions = load_questions(data / "queries.jsonl", limit)
    search = WikiSearch(load_articles(data / "corpus.jsonl"))

    async def work(folder: Path) -> dict[str, list[Result]]:
        settings = named_model(load_settings(), name).model
        async with open_model(settings, notify=_say) as model:
            bench = Bench(model, _replies(settings, kept=not no_cache), search, samples, folder)
            return await measure(chosen, questions, bench, _say)

    try:
        with tempfile.TemporaryDirectory() as folder:
            results = anyio.run(work, logs or Path(folder))
    except TaoError as exc:
        raise click.ClickException(str(exc)) from exc
    figures = report(results, name)
    if not as_json:
        print(_table(figures))
    print(json.dumps(figures))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
