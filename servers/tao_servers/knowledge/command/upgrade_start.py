"""Starts the upgrade of a collection to which documents were added."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tao.settings import KnowledgeSettings
    from tao_servers.knowledge.index import Place

__all__ = ["start_upgrade"]


def start_upgrade(settings: "KnowledgeSettings", place: "Place", *, say: Callable[[str], None]) -> None:
    """Have the strong embedder, if there is one, take over in the background; where that takes long, say how.

    What was read can be found all the same: a failure is only told.
    """
    from tao_servers.knowledge.index import StoreError
    from tao_servers.knowledge.index.catalogue import open_catalogue
    from tao_servers.knowledge.index.errors import translated
    from tao_servers.knowledge.ingesting.upgrade_choice import upgraded_by_itself
    from tao_servers.knowledge.ingesting.upgrade_process import start_background
    from tao_servers.knowledge.opening import strong_name

    strong = strong_name(settings)
    if not strong:
        return
    try:
        with translated(place.folder), open_catalogue(place.catalogue, write=False) as catalogue:
            totals = catalogue.strength.totals()
        if settings.upgrade.strip() == "auto" and not upgraded_by_itself(totals):
            say(
                f"The embedder {strong!r} finds better and is slow: `tao-knowledge upgrade --background` "
                f"has it take over these {totals.indexed} chunks."
            )
            return
        start_background(place)
    except (StoreError, OSError) as exc:
        say(f"Not upgraded: {exc} Try: tao-knowledge upgrade")
        return
    say(f"The embedder {strong!r} takes over in the background; `tao-knowledge status` tells how far it is.")
