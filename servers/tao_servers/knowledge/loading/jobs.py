"""What a worker is given, and how it goes over the pipe."""

import pickle
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from tao_servers.knowledge.loading.options import Options

__all__ = ["Job", "receive", "send"]

_LENGTH = struct.Struct("<Q")


@dataclass(frozen=True, slots=True)
class Job:
    """A file to be read: where it is, or its bytes; `name` is what it is called.

    With `digest`, the SHA-256 of its bytes in hexadecimal, a file that changed since then is refused.
    """

    data: Path | bytes
    name: str
    options: Options = field(default_factory=Options)
    digest: str | None = None


def send(value: object, pipe: BinaryIO) -> None:
    """Write one value."""
    frame = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    pipe.write(_LENGTH.pack(len(frame)))
    pipe.write(frame)
    pipe.flush()


def receive(pipe: BinaryIO) -> Any:
    """Read one value.

    Raises:
        EOFError: the other end is gone.
    """
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    frame = pipe.read(length)
    if len(frame) < length:
        raise EOFError
    return pickle.loads(frame)
