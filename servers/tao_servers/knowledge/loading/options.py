"""How files are read."""

from dataclasses import dataclass

__all__ = ["Options"]


@dataclass(frozen=True, slots=True)
class Options:
    """What a reader may do, and how far it may go.

    `ocr` says whether pictures and scans are read: None, where the extra is installed; False, never; True,
    a file that needs it is refused without it. Limits are `max_bytes` for a file, `max_unpacked` for all
    that a zip-based one unpacks to, `max_chars` for the text that is made of it, and `depth` for files within
    files, such as the attachments of a message.
    """

    ocr: bool | None = None
    max_bytes: int = 200_000_000
    max_unpacked: int = 1_000_000_000
    max_chars: int = 50_000_000
    depth: int = 3
