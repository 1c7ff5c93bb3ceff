"""What a model is told when a call cannot be answered."""

from collections.abc import Iterator
from contextlib import contextmanager

from mcp.server.mcpserver.exceptions import ToolError

from tao.errors import ConfigError, ModelError
from tao_servers.knowledge.index import StoreError
from tao_servers.knowledge.retrieving import WhereError

__all__ = ["USABLE_ERRORS", "RequestError", "told_to_the_model"]


class RequestError(Exception):
    """What was asked for cannot be meant; the text says what there is."""


USABLE_ERRORS = (RequestError, WhereError, ConfigError, ModelError, StoreError)
"""The errors whose text says what was seen and what to do next."""


@contextmanager
def told_to_the_model() -> Iterator[None]:
    """Make of them the one error whose text reaches a model."""
    try:
        yield
    except USABLE_ERRORS as exc:
        raise ToolError(str(exc)) from exc
