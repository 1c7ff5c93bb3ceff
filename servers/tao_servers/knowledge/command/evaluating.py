"""`tao-knowledge eval`."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tao.settings import Settings
from tao_servers.knowledge.command.interrupt import soon_ended
from tao_servers.knowledge.command.listing import known_sources
from tao_servers.knowledge.command.options import Chosen, on_a_collection
from tao_servers.knowledge.counting import counted

if TYPE_CHECKING:
    from tao_servers.knowledge.evaluating.corpus import Survey
    from tao_servers.knowledge.evaluating.dataset import Dataset
    from tao_servers.knowledge.evaluating.report import Report
    from tao_servers.knowledge.index import Place

__all__ = ["evaluate"]

_WAIT_SECONDS = 10.0

_HELP = """Measure how well search finds what the queries of a data set ask for, with your settings.

DATASET is a folder in the form of BEIR: corpus.jsonl (_id, title, text), queries.jsonl (_id, text), and
qrels.tsv or qrels/test.tsv (query, document, grade). The corpus is ingested into a collection of its own
in the cache folder, where the next run finds it. Each query that has a judgement is asked.

\b
  tao-knowledge eval scifact
  tao-knowledge eval scifact --limit 100 --ablate --plot scifact.png
  tao-knowledge eval 财务问答 --collection 财务问答 --json

Exit code: 0 when it was measured, 1 if a collection cannot be used, 2 for wrong options, settings or data
sets, 3 if a model failed, 130 after Ctrl-C; what was ingested by then stays."""


@click.command("eval", help=_HELP)
@click.argument("dataset", type=click.Path(path_type=Path))
@click.option("--split", metavar="NAME", help="Use the judgements of qrels/NAME.tsv.")
@click.option("--limit", type=click.IntRange(min=1), help="Ask so many queries at most, the first ones.")
@click.option(
    "--top-k", type=click.IntRange(1, 100), default=10, show_default=True, help="Documents that are scored."
)
@click.option("--ablate", is_flag=True, help="Also leave out each stage in turn, and compare.")
@click.option(
    "--plot", type=click.Path(path_type=Path, dir_okay=False), help="Draw a bar chart into this PNG file."
)
@click.option("--fresh", is_flag=True, help="Ingest the corpus anew.")
@click.option("--no-upgrade", is_flag=True, help="Do without the strong embedder (TAO_KNOWLEDGE_UPGRADE).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout instead of tables.")
@on_a_collection
def evaluate(
    chosen: Chosen,
    *,
    dataset: Path,
    split: str | None,
    limit: int | None,
    top_k: int,
    ablate: bool,
    plot: Path | None,
    fresh: bool,
    no_upgrade: bool,
    as_json: bool,
) -> None:
    """Ingest a corpus, ask its queries, and show how good the answers are."""
    from tao_servers.knowledge.evaluating.dataset import DatasetError

    own = click.get_current_context().params.get("collection") is None
    if fresh and not own:
        raise click.UsageError("--fresh would delete your collection: leave out --fresh or --collection.")
    _check_plot(plot)
    settings = _without_upgrade(chosen.settings) if no_upgrade else chosen.settings
    run = _Run(settings, None if own else chosen.place, limit, top_k)
    with soon_ended(lambda: None):
        try:
            report = run.report(dataset, split, fresh=fresh, ablate=ablate)
        except DatasetError as exc:
            raise click.UsageError(str(exc)) from exc
    if as_json:
        click.echo(json.dumps(report.as_json(), ensure_ascii=False))
    else:
        report.write(sys.stdout)
    if plot is not None:
        _draw(report, plot)


def _without_upgrade(settings: Settings) -> Settings:
    knowledge = settings.knowledge.model_copy(update={"upgrade": "off"})
    return settings.model_copy(update={"knowledge": knowledge})


def _check_plot(file: Path | None) -> None:
    """Find out before much is measured for it."""
    from tao_servers.knowledge.evaluating.plot import need_plotting

    if file is None:
        return
    if file.suffix.lower() != ".png" or not file.parent.is_dir():
        raise click.UsageError(f"--plot takes a file NAME.png in a folder that is there, not {str(file)!r}.")
    need_plotting()


def _draw(report: "Report", file: Path) -> None:
    try:
        note = report.draw(file)
    except OSError as exc:
        raise click.ClickException(f"{str(file)!r} cannot be written: {exc.strerror or exc}") from exc
    if note:
        click.echo(note, err=True)
    click.echo(f"Drawn: {file}", err=True)


@dataclass(frozen=True)
class _Run:
    """One evaluation in the user's collection at `users`, or in one of its own."""

    settings: Settings
    users: "Place | None"
    limit: int | None
    top_k: int

    def report(self, folder: Path, split: str | None, *, fresh: bool, ablate: bool) -> "Report":
        """Ingest what is not there yet, and ask."""
        from tao_servers.knowledge.evaluating.corpus import survey
        from tao_servers.knowledge.evaluating.dataset import read_dataset
        from tao_servers.knowledge.evaluating.measuring import Measuring
        from tao_servers.knowledge.evaluating.report import Report
        from tao_servers.knowledge.evaluating.run import questions

        dataset = read_dataset(folder, split=split)
        asked = questions(dataset, self.limit)
        found = survey(dataset)
        missing = found.missing(asked)
        if missing:
            click.echo(f"Judged relevant, but not in the corpus: {counted(missing, 'document')}.", err=True)
        place, embedder = self._ingested(dataset, found, fresh=fresh)
        return Report(
            dataset=dataset.name,
            documents=len(found.ids),
            missing=missing,
            queries=len(asked),
            place=place,
            embedder=embedder,
            reranker=self.settings.knowledge.reranker,
            top_k=self.top_k,
            rows=Measuring(self.settings, place, asked, self.top_k).rows(ablated=ablate),
        )

    def _ingested(self, dataset: "Dataset", found: "Survey", *, fresh: bool) -> "tuple[Place, str]":
        """Where the corpus is then, and the name of what made the vectors that are searched."""
        from tao_servers.knowledge import opening
        from tao_servers.knowledge.evaluating.corpus import own_place, strengthen, take_in_corpus
        from tao_servers.knowledge.index import delete_collection
        from tao_servers.knowledge.ingesting.intake import Plan
        from tao_servers.serving.progress import progress_shown

        settings = self.settings.knowledge
        embedder, strong = opening.embedder(settings), opening.strong(settings)
        # Read in this process: what is read was made of the corpus here, and harms nothing.
        method = opening.method(settings, embedder, workers=0)
        place = self.users or own_place(found, embedder, method)
        if self.users is not None:
            _check_own(place, found)
        if fresh and place.folder.is_dir():
            delete_collection(place, wait=_WAIT_SECONDS)
        for line in take_in_corpus(dataset, found, Plan(place, embedder, method)).lines():
            click.echo(line, err=True)
        if strong is not None:
            with progress_shown("Upgrading", sys.stderr) as progress:
                strengthen(place, embedder, strong, progress)
        return place, (strong or embedder).name


def _check_own(place: "Place", found: "Survey") -> None:
    others = [one.source for one in known_sources(place) if one.source not in found.ids]
    if others:
        raise click.UsageError(
            f"The collection {place.name!r} has {counted(len(others), 'document')} that this corpus does not "
            f"have, such as {others[0]!r}. Name another one, or leave out --collection."
        )
