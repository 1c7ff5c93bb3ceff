"""How often the SQL for a question gives the right rows: Tao beside a plain prompt and beside Vanna.

`python -m benchmarks.text2sql --data DIR [--limit N] [--model local|local-small|NAME] [--base-url URL]
[--peers none|all|vanna] [--ablate] [--stages LIST] [--identifiers] [--no-cache] [--cache DIR]
[--failures FILE] [--json]`.
DIR holds text2sql sets: `NAME/questions.jsonl` and `NAME/databases/*.sqlite`; `--limit` takes so many
questions of each set and language, evenly over the databases.

`plain` is the whole schema as CREATE TABLE statements with two rows of each table, one try, and the SQL of
the reply run as it is; `tao` what `ask_database` does, with its default options; `vanna` Vanna's
`generate_sql`, trained with the CREATE TABLE statements. All of a set is asked in one way before it is asked
in the next, one question after another and database by database, so that each way profits from the
endpoint's prefix cache.

The last line is JSON. `ex` is execution accuracy, the share of questions with the right rows (in their sets'
order where that matters, whatever the order of columns; in defog further columns are allowed), with its 95 %
interval (Wilson), which takes the questions for independent of each other; `difference` that of the same
questions, with its bootstrap interval over the right statements, since a statement may be asked for in two
languages or in other words; `seconds` and `tokens` (read and written) are means for a question that was
answered. `pooled` has the ways that were asked every question: a peer that stops half way stands only beside
the sets that it went through. `ablation` has Tao with one stage turned round at a time. Replies are kept on
disk by model and by `--slots`, so that a run that was ended goes on where it was; their seconds are those of
the first time.

With `--identifiers` only ways to keep names right are asked, with one statement each that the model does not
repair: names mended or not (`mend`), ASCII names for Chinese ones (`aliases`), a grammar that has no other
names than the schema's (`grammar`), and these together. `differences` are to `none` of them and to `mend`
alone; `ms_per_token` is how long a written token took.
"""

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import anyio
import click

from benchmarks.text2sql.ablation import STAGES
from benchmarks.text2sql.bench import Bench
from benchmarks.text2sql.bounding import bounding
from benchmarks.text2sql.figures import table
from benchmarks.text2sql.identifiers import WAYS, measure_identifiers
from benchmarks.text2sql.keeping import replies_of
from benchmarks.text2sql.measuring import Plan, measure
from benchmarks.text2sql.opening import opened
from benchmarks.text2sql.vanna import Vanna
from tao.agent import named_model
from tao.errors import TaoError
from tao.settings import ModelSettings, cache_dir, load_settings
from tao_servers.serving.tables import show
from tao_servers.text2sql.errors import Text2sqlError
from tao_servers.text2sql.evaluating.dataset import DatasetError, Item, read_datasets
from tao_servers.text2sql.evaluating.referee import Referee
from tao_servers.text2sql.evaluating.sources import Sources
from tao_servers.text2sql.evaluating.spreading import spread
from tao_servers.text2sql.evaluating.trial import Trial
from tao_servers.text2sql.stopping import Stop


def _items(data: Path, limit: int | None, referee: Referee) -> list[Item]:
    try:
        items, left_out = referee.playable(spread(read_datasets(data), limit), Stop())
    except DatasetError as exc:
        raise click.ClickException(str(exc)) from exc
    for one in left_out:
        _say(f"left out: {one.item.group} {one.item.id}: {one.reason}")
    return items


def _stages(ablate: bool, named: str | None) -> tuple[str, ...]:
    if named is None:
        return STAGES if ablate else ()
    names = tuple(name for name in named.split(",") if name)
    if unknown := [name for name in names if name not in STAGES]:
        raise click.BadParameter(f"no stage {unknown[0]!r}; there are {', '.join(STAGES)}")
    return names


def _settings(name: str, base_url: str | None) -> ModelSettings:
    settings = load_settings()
    if base_url is not None:
        named = None if name == "local" else name
        return settings.model.model_copy(update={"base_url": base_url, "name": named})
    return named_model(settings, name).model


def _teller(file: TextIO | None) -> Callable[[str, Trial], None]:
    def tell(name: str, trial: Trial) -> None:
        if file is not None and not trial.right:
            file.write(json.dumps({"way": name} | trial.as_json(), ensure_ascii=False) + "\n")
            file.flush()

    return tell


@click.command(help=__doc__)
@click.option("--data", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--limit", type=click.IntRange(min=1), help="Questions of each set and language.")
@click.option("--model", "name", default="local", show_default=True, help="Embedded, or of the endpoint.")
@click.option("--base-url", help="Its endpoint, whose first model is meant without --model.")
@click.option("--slots", type=click.IntRange(1, 64), help="Requests at once; 1 embedded, else 4.")
@click.option("--peers", type=click.Choice(["none", "all", "vanna"]), default="none", show_default=True)
@click.option("--ablate", is_flag=True, help="Turn each stage round, too.")
@click.option("--stages", "named", help=f"Turn only these round: {','.join(STAGES)}.")
@click.option("--identifiers", is_flag=True, help="Only ways to keep names right.")
@click.option("--no-cache", is_flag=True, help="Ask the model anew, and keep nothing.")
@click.option("--cache", type=click.Path(file_okay=False, path_type=Path), help="Where replies are kept.")
@click.option(
    "--failures",
    type=click.File("w", encoding="utf-8", lazy=False),
    help="A line for each that was not right.",
)
@click.option("--json", "as_json", is_flag=True, help="No table, only the JSON object.")
def main(
    data: Path,
    limit: int | None,
    name: str,
    base_url: str | None,
    slots: int | None,
    peers: str,
    ablate: bool,
    named: str | None,
    identifiers: bool,
    no_cache: bool,
    cache: Path | None,
    failures: TextIO | None,
    as_json: bool,
) -> None:
    referee = Referee()
    stages, items = _stages(ablate, named), _items(data, limit, referee)
    ways = len(WAYS) if identifiers else 2 + (peers != "none") + len(stages)
    _say(f"{len(items)} questions, {ways} ways")
    folder = None if no_cache else cache or cache_dir() / "benchmarks" / "replies"

    async def work() -> dict[str, Any]:
        from tao_servers.text2sql.answering.answerer import Answerer
        from tao_servers.text2sql.answering.options import Options

        settings = _settings(name, base_url)
        async with opened(settings, _say, slots) as there:
            turn = anyio.Semaphore(there.slots)
            replies = replies_of(there, settings, turn, folder)
            measured = {"model": there.name, "limit": limit}
            with Sources() as sources:
                bench: Bench[Options] = Bench(
                    there.model, replies, sources, Answerer, _teller(failures), _say, referee
                )
                if identifiers:
                    kept = partial(replies_of, there, turn=turn, folder=folder)
                    async with bounding(there, settings, kept) as bound:
                        return measured | {"identifiers": await measure_identifiers(items, bench, bound)}
                peer = Vanna(there.name, there.base_url, there.api_key, folder, referee)
                plan = Plan(items, Options(), stages, None if peers == "none" else peer)
                return measured | await measure(plan, bench)

    try:
        figures = anyio.run(work)
    except (TaoError, Text2sqlError) as exc:
        raise click.ClickException(str(exc)) from exc
    if not as_json:
        show(table(figures), sys.stdout)
    print(json.dumps(figures, ensure_ascii=False))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
