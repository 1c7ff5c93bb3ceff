"""`tao-knowledge ingest`."""

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import click

from tao.settings import SplitterName
from tao_servers.knowledge.command.interrupt import soon_ended
from tao_servers.knowledge.command.options import INTERRUPTED, Chosen, on_a_collection
from tao_servers.knowledge.command.planning import Wishes, planned
from tao_servers.knowledge.command.upgrade_start import start_upgrade

if TYPE_CHECKING:
    from tao_servers.knowledge.ingesting.gathering import Targets
    from tao_servers.knowledge.ingesting.intake import Plan
    from tao_servers.knowledge.ingesting.summary import Intake

__all__ = ["ingest"]

_HELP = """Take in files, folders with all below them, pages of the web, or - for standard input.

What has not changed since it was read is left as it is. What cannot be read is refused with the reason, and
never stops the rest. Ctrl-C ends it: what was written by then stays, and the next run goes on.

\b
  tao-knowledge ingest ~/notes 价格表.xlsx
  tao-knowledge ingest --collection 财务 --tag year=2024 --tag team=财务 ~/reports
  tao-knowledge ingest --watch --prune ~/notes
  tao-knowledge ingest https://example.com/manual.pdf
  pandoc -t markdown book.odt | tao-knowledge ingest - --name book.md
  tao-knowledge ingest --dry-run ~/Documents

Exit code: 0 if something was read or is unchanged, 1 if nothing was or --prune was refused, 2 for wrong
options or settings, 3 if a model failed, 130 after Ctrl-C (but 0 where it ends --watch)."""


@click.command(help=_HELP)
@click.argument("targets", nargs=-1, required=True, metavar="PATH|URL|-...")
@click.option("--watch", is_flag=True, help="Then go on taking in what changes in the folders, until Ctrl-C.")
@click.option("--tag", "tags", multiple=True, metavar="NAME=VALUE", help="Tag the documents; repeatable.")
@click.option(
    "--splitter",
    type=click.Choice(get_args(SplitterName)),
    help="How documents are cut, instead of TAO_KNOWLEDGE_SPLITTER; auto goes by their kind.",
)
@click.option(
    "--workers",
    type=click.IntRange(0, 64),
    help="Processes that read files; with 0 this one does, and is not safe from what is in them.",
)
@click.option(
    "--enrich/--no-enrich",
    default=None,
    help="Have the chat model summarise documents and guess questions, instead of TAO_KNOWLEDGE_ENRICH.",
)
@click.option("--prune", is_flag=True, help="Remove documents of the given folders whose files are gone.")
@click.option("--dry-run", is_flag=True, help="Only tell what would be done; nothing is written or embedded.")
@click.option("--name", default="stdin.txt", show_default=True, help="File name of what - reads.")
@click.option("--no-upgrade", is_flag=True, help="Leave the upgrade (TAO_KNOWLEDGE_UPGRADE) for later.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print the summary on stdout, with --watch a line a batch."
)
@on_a_collection
def ingest(
    chosen: Chosen,
    *,
    targets: tuple[str, ...],
    watch: bool,
    tags: tuple[str, ...],
    splitter: SplitterName | None,
    workers: int | None,
    enrich: bool | None,
    prune: bool,
    dry_run: bool,
    name: str,
    no_upgrade: bool,
    as_json: bool,
) -> None:
    """Take in what is named, and watch it then if that is asked for."""
    from tao_servers.knowledge.ingesting.gathering import read_tags, read_targets

    wanted = read_targets(targets)
    if prune and not wanted.folders:
        raise click.UsageError("--prune removes what is gone from a folder: name the folder.")
    if watch and (dry_run or not wanted.folders):
        raise click.UsageError("--watch needs a folder to look at, and does not go with --dry-run.")
    wishes = Wishes(
        tags=read_tags(tags),
        splitter=splitter,
        workers=workers,
        enrich=enrich,
        prune=prune,
        dry_run=dry_run,
    )
    with planned(chosen, wishes) as plan:
        run = _Run(chosen, plan, wanted, as_json=as_json, upgrade=not (no_upgrade or dry_run))
        code = run.watch(name) if watch else run.once(name)
    sys.exit(code)


@dataclass(frozen=True)
class _Run:
    chosen: Chosen
    plan: "Plan"
    targets: "Targets"
    as_json: bool
    upgrade: bool

    def once(self, name: str) -> int:
        """Take in everything; returns the exit code."""
        from tao_servers.knowledge.ingesting.intake import take_in

        intake = self.plan.intake()
        with soon_ended(lambda: self._broken_off(intake)):
            take_in(self.targets, self.plan, intake, piped_name=name)
        self._done(intake)
        return intake.exit_code

    def watch(self, name: str) -> int:
        """Take in everything, then what changes; returns the exit code."""
        from tao_servers.knowledge.ingesting.watching import Watched, marks_of, watch
        from tao_servers.knowledge.loading import find_files

        folders = self.targets.folders
        # Seen before they are read: what changes from here on is looked at again.
        marks = marks_of(find_files(folders))
        if (code := self.once(name)) == INTERRUPTED:
            return code
        shown = ", ".join(map(str, folders))
        click.echo(f"Watching {shown}. Ctrl-C ends it.", err=True)
        watched = Watched(folders, self.plan, marks, done=self._done)
        try:
            with soon_ended(lambda: None, code=0):
                watch(watched, told=lambda text: click.echo(text, err=True))
        except KeyboardInterrupt:
            click.echo("No longer watching.", err=True)
        return 0

    def _done(self, intake: "Intake") -> None:
        self._tell(intake)
        if self.upgrade and intake.chunks and not intake.interrupted:
            start_upgrade(self.chosen.knowledge, self.plan.place, say=lambda line: click.echo(line, err=True))

    def _tell(self, intake: "Intake") -> None:
        if self.as_json:
            click.echo(json.dumps(intake.summary(), ensure_ascii=False))
        for line in intake.lines():
            click.echo(line, err=True)

    def _broken_off(self, intake: "Intake") -> None:
        intake.interrupted = True
        self._tell(intake)
