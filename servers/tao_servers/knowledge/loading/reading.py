"""From a file of any kind to its `Document`."""

import importlib
import re
from dataclasses import replace
from pathlib import Path
from typing import Protocol, cast

from tao.errors import ConfigError
from tao_servers.knowledge.document import Document
from tao_servers.knowledge.loading.errors import RefusedError
from tao_servers.knowledge.loading.kinds import reader_of
from tao_servers.knowledge.loading.limits import check_length, read_bytes
from tao_servers.knowledge.loading.options import Options

__all__ = ["read"]

_SURROGATE = re.compile("[\ud800-\udfff]")


class Reader(Protocol):
    """What each reader's module has: the function `read`."""

    def read(self, data: bytes, *, name: str, options: Options) -> Document:
        """Read a file of its kind; raises RefusedError."""
        ...


def read(data: Path | bytes, *, name: str, options: Options) -> Document:
    """Read a file, or its bytes; `name` is the name it has, which need not tell the truth.

    Raises:
        RefusedError: it cannot be taken in, for whatever reason.
    """
    try:
        held = read_bytes(data, options) if isinstance(data, Path) else data
        return _checked(_reader(held, name).read(held, name=name, options=options), options)
    except RefusedError:
        raise
    except ConfigError as exc:
        raise RefusedError(str(exc)) from exc
    except ImportError as exc:
        raise RefusedError(f"what reads files of its kind does not load ({exc}); install Tao anew") from exc
    except MemoryError:
        # Only who bounds the memory knows what to say.
        raise
    except RecursionError as exc:
        raise RefusedError("it is nested too deeply to be read") from exc
    except Exception as exc:
        # Parsers raise anything on damaged files, and one such file must not stop the others.
        seen = f"{type(exc).__name__}: {exc}".strip(": ")[:200]
        raise RefusedError(f"it is damaged, or of an unusual form ({seen}); save it anew") from exc


def _reader(data: bytes, name: str) -> Reader:
    module = importlib.import_module(f"tao_servers.knowledge.loading.{reader_of(data, name)}")
    return cast(Reader, module)


def _checked(document: Document, options: Options) -> Document:
    text = check_length(document.text, options)
    if not text.strip():
        raise RefusedError("; ".join(("there is no text in it", *document.unread)))
    # Half of a pair has no form in UTF-8. One character stays one, so that all places hold.
    if _SURROGATE.search(text):
        return replace(document, text=_SURROGATE.sub("\ufffd", text))
    return document
