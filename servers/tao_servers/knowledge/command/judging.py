"""`tao-knowledge judge`."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import click

from tao.errors import ConfigError, ModelError
from tao_servers.knowledge.command.interrupt import soon_ended
from tao_servers.knowledge.command.options import INTERRUPTED, Chosen, in_a_store

if TYPE_CHECKING:
    from tao.settings import ModelSettings
    from tao_servers.knowledge.evaluating.answers import Metric, MetricSummary, Record, Scores

__all__ = ["judge"]

_HELP = """Have the chat model of [model] judge answers, by the metrics of RAGAS, each from 0 to 1.

FILE has a JSON object a line: question, answer, contexts (a list of texts) and, where it is known, reference,
the right answer. What `agent ask --json` prints is taken too, with its citations as contexts; - reads
standard input.

\b
  faithfulness        statements of the answer that the contexts support
  answer_relevance    how near questions made from the answer are to the question
  answer_similarity   how near answer and reference are (by the embedder)
  answer_correctness  statements that answer and reference share, and their similarity
  context_recall      statements of the reference that the contexts support
  context_precision   useful contexts stand before useless ones

\b
  tao-knowledge judge answers.jsonl
  tao-knowledge judge answers.jsonl --metrics faithfulness,context_recall --json > judged.json
  agent ask --json 'iPhone 15 Pro Max 多少钱' | tao-knowledge judge - --metrics faithfulness

Exit code: 0 if something was judged, 1 if nothing could be, 2 for a wrong file, options or settings, 3 if the
model stopped answering, 130 after Ctrl-C; what was judged by then is told."""
_NO_MODEL = (
    "Judging answers takes a chat model, and none is set. Set TAO_MODEL_BASE_URL to an OpenAI-compatible "
    "endpoint such as 'http://127.0.0.1:8000/v1', with a model of 7B or more; or TAO_MODEL_NAME=local for "
    "the embedded one, which judges slowly and poorly."
)
_REASONS = 3


@dataclass
class _Outcome:
    """What was judged, by the places of the records."""

    records: "Sequence[Record]"
    metrics: "Sequence[Metric]"
    model: str = ""
    scores: "dict[int, Scores]" = field(default_factory=dict)
    failure: str = ""
    interrupted: bool = False

    def summary(self) -> "dict[Metric, MetricSummary]":
        from tao_servers.knowledge.evaluating.answers import summarise

        return summarise(self.scores.values(), self.metrics)

    @property
    def exit_code(self) -> int:
        if self.interrupted:
            return INTERRUPTED
        if self.failure:
            return 3
        return 0 if any(one.judged for one in self.summary().values()) else 1


@click.command(help=_HELP)
@click.argument("file", type=click.File("rb"))
@click.option("--metrics", "named", metavar="LIST", help="Only these, separated by commas; default: all.")
@click.option(
    "--parallel",
    type=click.IntRange(1, 256),
    default=4,
    show_default=True,
    help="Calls of the model at once.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout, with every verdict.")
@in_a_store
def judge(chosen: Chosen, *, file: Any, named: str | None, parallel: int, as_json: bool) -> None:
    """Judge the answers of a file."""
    from tao_servers.knowledge.evaluating.answers import RecordError, read_records

    metrics = _metrics(named)
    try:
        records = read_records(file, getattr(file, "name", "-"))
    except RecordError as exc:
        raise click.UsageError(str(exc)) from exc
    _warn_of_citations(records)
    outcome = _Outcome(records, metrics)
    try:
        with soon_ended(lambda: _tell(outcome, as_json=as_json)):
            _run(chosen, outcome, parallel)
    except KeyboardInterrupt:
        outcome.interrupted = True
    except ModelError as exc:
        if not outcome.scores:
            raise
        outcome.failure = str(exc)
    _tell(outcome, as_json=as_json)
    sys.exit(outcome.exit_code)


def _metrics(named: str | None) -> "tuple[Metric, ...]":
    from tao_servers.knowledge.evaluating.answers import ALL

    if named is None:
        return ALL
    names = [name.strip().replace("-", "_") for name in named.split(",") if name.strip()]
    if not names or (unknown := [name for name in names if name not in ALL]):
        seen = ", ".join(map(repr, unknown if names else [named]))
        raise click.UsageError(f"No such metric: {seen}. There are: {', '.join(ALL)}.")
    return tuple(metric for metric in ALL if metric in names)


def _warn_of_citations(records: "Sequence[Record]") -> None:
    cited = sum(record.cited for record in records)
    if cited:
        click.echo(
            f"Of {cited} records the contexts are the citations of `agent ask`, which were chosen by the "
            "answer itself: faithfulness and the context metrics come out too high.",
            err=True,
        )


def _run(chosen: Chosen, outcome: _Outcome, parallel: int) -> None:
    import anyio

    from tao_servers.serving.progress import progress_shown

    model = chosen.settings.model
    if model.base_url is None and model.name is None:
        raise ConfigError(_NO_MODEL)
    with progress_shown("Judging", sys.stderr) as shown:

        def done(place: int, scores: "Scores") -> None:
            outcome.scores[place] = scores
            shown(len(outcome.scores), len(outcome.records))

        anyio.run(_judge, chosen, model, outcome, parallel, done)


async def _judge(
    chosen: Chosen,
    settings: "ModelSettings",
    outcome: _Outcome,
    parallel: int,
    done: "Callable[[int, Scores], None]",
) -> None:
    from tao.models.openai import OpenAIChat
    from tao.models.opening import open_model
    from tao_servers.knowledge import opening
    from tao_servers.knowledge.evaluating.answers import Judge, judge_all
    from tao_servers.knowledge.retrieving.rewriting.model_size import too_small

    async with open_model(settings, notify=lambda line: click.echo(line, err=True)) as model:
        outcome.model = await model.identify() if isinstance(model, OpenAIChat) else model.name
        if too_small(settings.name or outcome.model) or too_small(outcome.model):
            click.echo(
                f"The model {outcome.model!r} has less than 4B parameters: it judges poorly. Take its "
                "figures as a trial of the command, not of the answers.",
                err=True,
            )
        judging = Judge(model, opening.embedder(chosen.knowledge))
        await judge_all(judging, outcome.records, outcome.metrics, parallel=parallel, done=done)


def _tell(outcome: _Outcome, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(_as_json(outcome), ensure_ascii=False))
    else:
        _tell_table(outcome)
    prompt, completion = _tokens(outcome)
    click.echo(
        f"Judged {len(outcome.scores)} of {len(outcome.records)} records by {outcome.model!r}: "
        f"{prompt:,} tokens read, {completion:,} written.",
        err=True,
    )
    for metric, summary in outcome.summary().items():
        for reason, count in list(summary.reasons.items())[:_REASONS]:
            click.echo(f"  {metric}, {count} not judged: {reason}", err=True)
    if outcome.failure:
        click.echo(f"Error: The model stopped answering: {outcome.failure}", err=True)


def _tell_table(outcome: _Outcome) -> None:
    from tao_servers.serving.tables import show

    head = ["metric", "mean", "95 % interval", "judged", "lacking", "failed"]
    show([head, *(_line(metric, one) for metric, one in outcome.summary().items())], sys.stdout)


def _line(metric: str, summary: "MetricSummary") -> list[str]:
    mean = "" if summary.mean is None else f"{summary.mean:.3f}"
    bounds = "" if summary.low is None else f"{summary.low:.3f} to {summary.high:.3f}"
    return [metric, mean, bounds, str(summary.judged), str(summary.lacking), str(summary.failed)]


def _tokens(outcome: _Outcome) -> tuple[int, int]:
    usages = [scores.usage for scores in outcome.scores.values()]
    return sum(one.prompt_tokens for one in usages), sum(one.completion_tokens for one in usages)


def _as_json(outcome: _Outcome) -> dict[str, Any]:
    prompt, completion = _tokens(outcome)
    return {
        "model": outcome.model,
        "records": len(outcome.records),
        "metrics": {metric: asdict(one) for metric, one in outcome.summary().items()},
        "usage": {"prompt_tokens": prompt, "completion_tokens": completion},
        "scores": [
            {"record": place, "question": outcome.records[place].question, **scores.as_json()}
            for place, scores in sorted(outcome.scores.items())
        ],
        "interrupted": outcome.interrupted,
        "failure": outcome.failure or None,
    }
