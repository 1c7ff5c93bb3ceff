"""The embedder that finds tables and values across languages; one for all databases of the process."""

import logging
from functools import cache
from typing import TYPE_CHECKING

from tao.errors import ConfigError

if TYPE_CHECKING:
    from tao.models.embeddings import Embedder

__all__ = ["shared_embedder"]


@cache
def shared_embedder() -> "Embedder | None":
    """The bundled embedder, whose model is loaded on first use; None where it is not installed."""
    from tao.models.embeddings import open_embedder

    try:
        return open_embedder("bundled")
    except ConfigError as exc:
        logging.getLogger(__name__).warning("Tables and values are found by their words alone: %s", exc)
        return None
