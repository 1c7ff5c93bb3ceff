"""A process that opens a database for one request at a time: requests come on stdin, replies go to stdout.

Some of DuckDB's functions cannot be interrupted, and their long values are not counted against its memory
limit, so statements run where they can be killed, with a bound on memory that the system holds.
"""

import contextlib
import json
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from queue import SimpleQueue
from typing import Any, BinaryIO

from tao_servers.text2sql.engines.duckdb.catalogue import read_tables
from tao_servers.text2sql.engines.duckdb.importing import Note, import_files
from tao_servers.text2sql.engines.duckdb.reading import estimate, out_of_memory, read
from tao_servers.text2sql.engines.duckdb.session import open_session, prove
from tao_servers.text2sql.errors import SetupError, Text2sqlError
from tao_servers.text2sql.limits import Limits
from tao_servers.text2sql.stopping import Stop

__all__ = ["main"]

_MOST_MEMORY = 3 << 30
_Request = dict[str, Any]


def main() -> None:
    """Answer requests until stdin ends, and end then whatever is being done."""
    replies = sys.stdout.buffer
    # Whatever a library prints must not be taken for a reply.
    sys.stdout = sys.stderr
    _bound_memory()
    # What is made of the user's files is for nobody else to read.
    os.umask(0o077)
    requests: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_receive, args=(requests,), daemon=True).start()

    def note(text: str, level: int) -> None:
        _send(replies, {"note": text, "level": level})

    _send(replies, {"value": "ready"})
    while True:
        _send(replies, _answer(json.loads(requests.get()), note))


def _receive(requests: "SimpleQueue[bytes]") -> None:
    for line in sys.stdin.buffer:
        requests.put(line)
    # The server is gone, killed perhaps: nobody waits for what still runs here.
    os._exit(0)


def _answer(request: _Request, note: Note) -> _Request:
    try:
        return {"value": _DO[request["do"]](request, note)}
    except Text2sqlError as exc:
        return {"error": type(exc).__name__, "text": str(exc), "rule": getattr(exc, "rule", None)}
    except ModuleNotFoundError as exc:
        text = (
            f"The package {exc.name!r} is not installed. Install it with: pip install 'tao-agent[text2sql]'"
        )
        return {"error": SetupError.__name__, "text": text}
    except MemoryError:
        return {"error": "QueryFailed", "text": str(out_of_memory())}


def _send(replies: BinaryIO, reply: _Request) -> None:
    replies.write(json.dumps(reply).encode() + b"\n")
    replies.flush()


def _bound_memory() -> None:
    # There is no such bound on Windows.
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (_MOST_MEMORY, _MOST_MEMORY))


def _prove(request: _Request, note: Note) -> None:
    with open_session(Path(request["path"])) as connection:
        prove(connection)


def _tables(request: _Request, note: Note) -> list[_Request]:
    with open_session(Path(request["path"])) as connection:
        return [asdict(table) for table in read_tables(connection, Stop())]


def _read(request: _Request, note: Note) -> _Request:
    with open_session(Path(request["path"])) as connection:
        return asdict(read(connection, request["sql"], Limits(**request["limits"]), Stop()))


def _estimate(request: _Request, note: Note) -> float | None:
    with open_session(Path(request["path"])) as connection:
        return estimate(connection, request["sql"], Stop())


def _import(request: _Request, note: Note) -> None:
    import_files([Path(path) for path in request["files"]], Path(request["path"]), note)


_DO: dict[str, Callable[[_Request, Note], Any]] = {
    "prove": _prove,
    "tables": _tables,
    "read": _read,
    "estimate": _estimate,
    "import": _import,
}

if __name__ == "__main__":
    main()
