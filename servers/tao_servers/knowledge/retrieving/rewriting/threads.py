"""Rewrites queries for those who search in threads."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Protocol

from anyio.from_thread import start_blocking_portal

from tao.settings import Settings
from tao_servers.knowledge.retrieving.rewriting.closeness import Embed
from tao_servers.knowledge.retrieving.rewriting.opening import open_rewriter
from tao_servers.knowledge.retrieving.rewriting.rewriter import Rewritten

__all__ = ["Rewrite", "rewriting_in_threads"]


class Rewrite(Protocol):
    """`Rewriter.rewrite`, blocking; may be called from any thread."""

    def __call__(
        self, query: str, *, earlier: Sequence[str] = (), languages: Sequence[str] = ()
    ) -> Rewritten: ...


@contextmanager
def rewriting_in_threads(settings: Settings, *, embed: Embed) -> Iterator[Rewrite | None]:
    """What rewrites queries, as `open_rewriter` opens it, on an event loop of its own."""
    opened = open_rewriter(settings, embed=embed, hyde=settings.knowledge.hyde)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(opened) as rewriter:
        if rewriter is None:
            yield None
            return

        def rewrite(query: str, *, earlier: Sequence[str] = (), languages: Sequence[str] = ()) -> Rewritten:
            return portal.call(partial(rewriter.rewrite, query, earlier=earlier, languages=languages))

        yield rewrite
