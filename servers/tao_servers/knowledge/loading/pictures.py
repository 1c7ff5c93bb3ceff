"""Reads picture files by OCR."""

from typing import Any

from tao_servers.knowledge.document import Document
from tao_servers.knowledge.loading.errors import RefusedError
from tao_servers.knowledge.loading.ocr import PictureReader, open_picture
from tao_servers.knowledge.loading.options import Options
from tao_servers.knowledge.loading.text_building import TextBuilder

__all__ = ["read"]


def read(data: bytes, *, name: str, options: Options) -> Document:
    """Read the text in a picture; each frame of a TIFF file is a page.

    Raises:
        RefusedError: it is damaged or has no text, or nothing that reads pictures is installed.
    """
    if not data:
        raise RefusedError("it is empty")
    reader = PictureReader(options)
    if not reader.enabled:
        raise RefusedError(f"it is a picture; {reader.why}")
    builder = TextBuilder(options)
    picture = open_picture(data)
    frames = getattr(picture, "n_frames", 1)
    for frame in range(frames):
        if frames > 1:
            builder.page()
        builder.paragraph(_frame(picture, frame, reader))
    if not builder.length:
        raise RefusedError("no text was found in the picture")
    return builder.document(unread=reader.unread())


def _frame(picture: Any, frame: int, reader: PictureReader) -> str:
    try:
        picture.seek(frame)
    except (OSError, EOFError, ValueError, SyntaxError) as exc:
        raise RefusedError("it is a damaged picture; save it anew") from exc
    return reader.picture(picture)
