"""Makes the plan of an ingest from options and settings."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import click

from tao.settings import SplitterName
from tao_servers.knowledge.command.options import Chosen

if TYPE_CHECKING:
    from collections.abc import Callable

    from tao.models.embeddings import Embedder
    from tao_servers.knowledge.index import Entry
    from tao_servers.knowledge.ingesting.intake import Plan

__all__ = ["Wishes", "planned"]


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What the options say of an ingest; None leaves it to the settings."""

    tags: Mapping[str, Sequence[str]] = field(default_factory=dict)
    splitter: SplitterName | None = None
    workers: int | None = None
    enrich: bool | None = None
    prune: bool = False
    dry_run: bool = False


@contextmanager
def planned(chosen: Chosen, wishes: Wishes, *, embedder: "Embedder | None" = None) -> "Iterator[Plan]":
    """The plan, with the embedder of the settings or this one; it is not loaded before something is read.

    Raises:
        ConfigError: a setting is wrong.
    """
    from tao_servers.knowledge import opening
    from tao_servers.knowledge.ingesting.intake import Plan

    embedder = embedder or opening.embedder(chosen.knowledge)
    method = opening.method(chosen.knowledge, embedder, splitter=wishes.splitter, workers=wishes.workers)
    with ExitStack() as stack:
        if chosen.knowledge.enrich if wishes.enrich is None else wishes.enrich:
            enrich = _as_it_is if wishes.dry_run else _late_enricher(chosen, stack)
            method = replace(method, enrich=enrich)
        yield Plan(
            chosen.place,
            embedder,
            method,
            attributes=wishes.tags,
            prune=wishes.prune,
            dry_run=wishes.dry_run,
        )


def _as_it_is(entry: "Entry") -> "Entry":
    return entry


def _late_enricher(chosen: Chosen, stack: ExitStack) -> "Callable[[Entry], Entry]":
    opened: list[Callable[[Entry], Entry]] = []

    def enrich(entry: "Entry") -> "Entry":
        if not opened:
            from tao_servers.knowledge.ingesting.enriching import open_enricher

            say = open_enricher(chosen.settings.model, notify=lambda line: click.echo(line, err=True))
            opened.append(stack.enter_context(say))
        return opened[0](entry)

    return enrich
