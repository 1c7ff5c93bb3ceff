"""Reads the text in pictures with RapidOCR, whose weights come with its package."""

import io
import logging
import time
import warnings
from functools import cache
from importlib.util import find_spec
from typing import Any

from tao.models.loading import MissingExtra, load
from tao_servers.knowledge.loading.errors import RefusedError
from tao_servers.knowledge.loading.options import Options
from tao_servers.knowledge.loading.reading_order import Box, arrange

__all__ = ["MAX_SIDE", "PictureReader", "open_picture"]

_HINT = "install 'tao-agent[ocr]' to have pictures read"
MAX_SIDE = 1_600
"""Pixels of the longer side that a picture is brought down to; more took longer and read no better."""

_MAX_PICTURES = 200
# Less than the time that a file may take as a whole, so that what was read by then is kept.
_MAX_SECONDS = 90
_MAX_PIXELS = 60_000_000
_USEFUL_BYTES, _USEFUL_SHORT, _USEFUL_LONG = 1_500, 24, 80
_LEAST_SCORE = 0.6


@cache
def _engine() -> Any:
    rapidocr = load("rapidocr", extra="ocr")
    threads = "EngineConfig.onnxruntime.intra_op_num_threads"
    # Files are read side by side, and a second thread costs half as much again of processor time.
    engine = rapidocr.RapidOCR(params={"Global.log_level": "critical", threads: 1})
    # It makes its logger anew, with a handler of its own.
    logging.getLogger("RapidOCR").propagate = False
    return engine


class PictureReader:
    """Reads the pictures of one file, as many as may be, and counts those that it did not read."""

    def __init__(self, options: Options) -> None:
        self.enabled = options.ocr is not False and find_spec("rapidocr") is not None
        self._wanted = options.ocr
        self._left = _MAX_PICTURES
        self._until = time.monotonic() + _MAX_SECONDS
        self._too_many = self._unread = self._broken = 0

    @property
    def why(self) -> str:
        """Why pictures are not read."""
        if self.enabled:
            return f"a file's pictures may be {_MAX_PICTURES} and take {_MAX_SECONDS} s; split it"
        return "reading pictures is turned off" if self._wanted is False else _HINT

    def skip(self) -> None:
        """Pass over a picture since nothing reads it.

        Raises:
            RefusedError: pictures must be read.
        """
        if self._wanted and not self.enabled:
            raise RefusedError(f"it has pictures; {MissingExtra('rapidocr', extra='ocr')}")

    def embedded(self, data: bytes | None) -> str:
        """Return the text of a picture inside a document; empty if it has none or was not read."""
        if not data or len(data) < _USEFUL_BYTES:
            return ""
        if not self.enabled:
            self.skip()
            self._unread += 1
            return ""
        try:
            picture = open_picture(data)
            short, long = sorted(picture.size)
            return self.picture(picture) if short >= _USEFUL_SHORT and long >= _USEFUL_LONG else ""
        except RefusedError:
            self._broken += 1
            return ""

    def picture(self, picture: Any) -> str:
        """Return the text of a Pillow picture.

        Raises:
            RefusedError: it is damaged.
        """
        if not self.may_read():
            self._too_many += 1
            return ""
        try:
            picture = load("PIL.ImageOps", extra="ocr").exif_transpose(picture).convert("RGB")
        except (OSError, ValueError, SyntaxError) as exc:
            raise RefusedError("it is a damaged picture; save it anew") from exc
        picture.thumbnail((MAX_SIDE, MAX_SIDE))
        numpy = load("numpy", extra="knowledge")
        # RapidOCR takes the colours of an array in OpenCV's order.
        return _recognise(numpy.ascontiguousarray(numpy.asarray(picture)[:, :, ::-1]))

    def pixels(self, pixels: Any) -> str:
        """Return the text of an array (height, width, blue-green-red)."""
        return _recognise(pixels)

    def may_read(self) -> bool:
        """Say whether one more may be read: there is a limit to the number and to the time."""
        self._left -= 1
        return self._left >= 0 and time.monotonic() < self._until

    def unread(self) -> tuple[str, ...]:
        """Say what was not read, for `Document.unread`."""
        found = []
        if self._unread:
            found.append(f"{_count(self._unread)} not read; {self.why}")
        if self._broken:
            found.append(f"{_count(self._broken)} not read: of an unknown kind, damaged or too large")
        if self._too_many:
            found.append(f"{_count(self._too_many)} not read: {self.why}")
        return tuple(found)


def _count(number: int) -> str:
    return "1 picture was" if number == 1 else f"{number} pictures were"


def open_picture(data: bytes) -> Any:
    """Open a picture with Pillow without decoding it.

    Raises:
        RefusedError: it is no picture, or has too many pixels.
    """
    module = load("PIL.Image", extra="ocr")
    with warnings.catch_warnings():
        # What is too large is decided here, by the size that the head of the file tells.
        warnings.simplefilter("ignore", module.DecompressionBombWarning)
        try:
            picture = module.open(io.BytesIO(data))
        except module.DecompressionBombError as exc:
            raise RefusedError("it has too many pixels; make it smaller") from exc
        except (OSError, ValueError, SyntaxError) as exc:
            raise RefusedError("it is no picture that can be read, or it is damaged") from exc
    if picture.width * picture.height > _MAX_PIXELS:
        raise RefusedError(f"it has {picture.width} x {picture.height} pixels; make it smaller")
    return picture


def _recognise(pixels: Any) -> str:
    found = _engine()(pixels)
    if found.txts is None or found.boxes is None:
        return ""
    boxes = [
        Box(
            float(min(x for x, _ in corners)),
            float(min(y for _, y in corners)),
            float(max(x for x, _ in corners)),
            float(max(y for _, y in corners)),
            text,
        )
        for corners, text, score in zip(found.boxes, found.txts, found.scores, strict=True)
        if score >= _LEAST_SCORE
    ]
    return "\n".join(arrange(boxes))
