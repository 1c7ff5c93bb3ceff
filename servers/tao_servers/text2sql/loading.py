"""Loads sqlglot and what needs it when it is first wanted, never twice at a time."""

import logging
import threading
from collections.abc import Callable

from tao_servers.text2sql.errors import SetupError
from tao_servers.text2sql.schema import Schema

__all__ = ["load_check", "warm"]

_LOCK = threading.Lock()


def load_check() -> Callable[[str, Schema], None]:
    """The function that lets a statement pass or refuses it.

    Raises:
        SetupError: sqlglot is not installed.
    """
    with _LOCK:
        try:
            from tao_servers.text2sql.validate import check
        except ModuleNotFoundError as exc:
            raise SetupError(f"{exc.name} is not installed: pip install 'tao-agent[text2sql]'") from exc
        # It warns of each statement that it does not know, which the refusal says already.
        logging.getLogger("sqlglot").setLevel(logging.ERROR)
        return check


def warm() -> None:
    """Load it ahead of the first query; when that fails, the first query says why."""
    try:
        load_check()
    except SetupError as exc:
        logging.getLogger(__name__).warning("%s", exc)
