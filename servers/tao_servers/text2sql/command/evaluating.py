"""`tao-text2sql eval`."""

import json
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from tao.errors import ConfigError, ModelError
from tao.settings import Settings
from tao_servers.serving.settings import read_settings
from tao_servers.text2sql.command.model_choice import chosen_model
from tao_servers.text2sql.errors import SetupError

if TYPE_CHECKING:
    from tao.models.chat import ChatModel
    from tao_servers.text2sql.evaluating.evaluation import Evaluation
    from tao_servers.text2sql.evaluating.referee import Referee
    from tao_servers.text2sql.evaluating.run import Answering
    from tao_servers.text2sql.evaluating.sources import Sources
    from tao_servers.text2sql.evaluating.trial import Trial

__all__ = ["evaluate", "evaluated"]

_INTERRUPTED = 130
_EMBEDDED_AT_ONCE, _AT_ONCE = 1, 4
_HELP = """Measure how often the SQL for a data set's questions gives the right rows (execution accuracy).

DATASET is a folder with questions.jsonl and databases/DB_ID.sqlite, or a folder of such folders. A line of
questions.jsonl has id, db_id, gold_sql (one or several; any one is right), question_en and question_zh (each
is asked), and where wanted order_matters, instructions, context, as_of. Rows are compared as multisets
whatever the order of the columns, in order where order_matters; in sets called defog..., further columns are
allowed. Databases are only read.

\b
  tao-text2sql eval spider
  tao-text2sql eval sets --limit 50 --failures failures.jsonl
  tao-text2sql eval sets --plain --model local --json > plain.json

Exit code: 0 when it was measured, 2 for wrong options, settings or data sets, 3 if the model stopped
answering or a database cannot be read, 130 after Ctrl-C; what was measured by then is told."""


@click.command("eval", help=_HELP)
@click.argument("dataset", type=click.Path(path_type=Path))
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    help="Ask so many questions of each set and language at most, spread over its databases.",
)
@click.option(
    "--plain",
    is_flag=True,
    help="Show the schema alone (the likeliest tables of a large one), try once, mend and repair nothing.",
)
@click.option("--model", "name", metavar="NAME", help="Another model than that of the settings.")
@click.option("--base-url", metavar="URL", help="Another endpoint than that of the settings, with its /v1.")
@click.option(
    "--parallel",
    type=click.IntRange(1, 256),
    help="Questions at once; default: 4, and 1 with the embedded model.",
)
@click.option(
    "--failures",
    type=click.File("w", encoding="utf-8", lazy=False),
    metavar="FILE",
    help="Write each question that was not right as a line of JSON.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout instead of tables.")
def evaluate(
    dataset: Path,
    limit: int | None,
    plain: bool,
    name: str | None,
    base_url: str | None,
    parallel: int | None,
    failures: TextIO | None,
    as_json: bool,
) -> None:
    """Ask the questions of a data set, and show how many answers are right."""
    settings = read_settings()
    settings = settings.model_copy(update={"model": chosen_model(settings.model, name, base_url)})
    evaluation, referee = _read(dataset, limit)
    evaluation.plain = plain
    at_once = parallel or (_EMBEDDED_AT_ONCE if settings.model.base_url is None else _AT_ONCE)
    try:
        _run(evaluation, referee, settings, at_once, failures)
    except KeyboardInterrupt:
        evaluation.interrupted = True
    except ConfigError as exc:
        raise click.UsageError(str(exc)) from exc
    except ModelError as exc:
        evaluation.failure = f"The model stopped answering: {exc}"
    except SetupError as exc:
        evaluation.failure = str(exc)
    _tell(evaluation, as_json=as_json)
    if evaluation.interrupted:
        sys.exit(_INTERRUPTED)
    sys.exit(3 if evaluation.failure else 0)


async def evaluated(
    evaluation: "Evaluation",
    referee: "Referee",
    answering: "Callable[[Path], Answering]",
    parallel: int,
    done: "Callable[[Trial], None]",
) -> None:
    """Ask every question of `evaluation` and keep what comes of it, with the errors of `measure`."""
    from tao_servers.text2sql.evaluating.run import measure

    def keep(trial: "Trial") -> None:
        evaluation.trials.append(trial)
        done(trial)

    await measure(evaluation.items, answering, referee, parallel=parallel, done=keep)


def _read(folder: Path, limit: int | None) -> "tuple[Evaluation, Referee]":
    from tao_servers.text2sql.evaluating.dataset import DatasetError, read_datasets
    from tao_servers.text2sql.evaluating.evaluation import Evaluation
    from tao_servers.text2sql.evaluating.referee import Referee
    from tao_servers.text2sql.evaluating.spreading import spread
    from tao_servers.text2sql.stopping import Stop

    referee = Referee()
    try:
        items, left_out = referee.playable(spread(read_datasets(folder), limit), Stop())
    except DatasetError as exc:
        raise click.UsageError(str(exc)) from exc
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    if left_out:
        first = left_out[0]
        click.echo(
            f"Left out, since no gold statement of theirs runs: {len(left_out)} of"
            f" {len(items) + len(left_out)} questions, such as {first.item.id!r}: {first.reason}",
            err=True,
        )
    if not items:
        raise click.UsageError(f"{str(folder)!r} has no question with a gold statement that runs.")
    return Evaluation(items, left_out), referee


def _run(
    evaluation: "Evaluation",
    referee: "Referee",
    settings: Settings,
    parallel: int,
    failures: TextIO | None,
) -> None:
    import anyio

    from tao_servers.serving.progress import progress_shown

    with progress_shown("Asking", sys.stderr) as shown:

        def done(trial: "Trial") -> None:
            shown(len(evaluation.trials), len(evaluation.items))
            if failures is not None and not trial.right:
                failures.write(json.dumps(trial.as_json(), ensure_ascii=False) + "\n")
                failures.flush()

        anyio.run(_evaluate, evaluation, referee, settings, parallel, done)


async def _evaluate(
    evaluation: "Evaluation",
    referee: "Referee",
    settings: Settings,
    parallel: int,
    done: "Callable[[Trial], None]",
) -> None:
    from tao.models.openai import OpenAIChat
    from tao_servers.text2sql.evaluating.sources import Sources
    from tao_servers.text2sql.modelling import model_of

    async with model_of(settings.model, notify=lambda line: click.echo(line, err=True)) as model:
        evaluation.model = await model.identify() if isinstance(model, OpenAIChat) else model.name
        with Sources() as sources:
            answering = _answering(sources, model, settings, plain=evaluation.plain)
            await evaluated(evaluation, referee, answering, parallel, done)


def _answering(
    sources: "Sources", model: "ChatModel", settings: Settings, *, plain: bool
) -> "Callable[[Path], Answering]":
    from tao_servers.text2sql.answering.answerer import Answerer
    from tao_servers.text2sql.answering.options import Options

    options = Options.plain() if plain else Options.from_settings(settings.text2sql)
    return cache(lambda database: Answerer(sources.of(database), model, options))


def _tell(evaluation: "Evaluation", *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(evaluation.as_json(), ensure_ascii=False))
    elif evaluation.trials:
        evaluation.write(sys.stdout)
    asked, wanted = len(evaluation.trials), len(evaluation.items)
    by = f", answered by {evaluation.model!r}" if evaluation.model else ""
    click.echo(f"Asked {asked} of {wanted} questions{by}.", err=True)
    if evaluation.failure:
        click.echo(f"Error: {evaluation.failure}", err=True)
