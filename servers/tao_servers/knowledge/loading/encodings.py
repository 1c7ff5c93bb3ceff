"""Bytes to text, whatever their encoding."""

import codecs
import re
from dataclasses import dataclass

from tao.models.loading import load
from tao_servers.knowledge.loading.errors import RefusedError
from tao_servers.knowledge.loading.plausibility import SCORERS, alphabetic, share_of_controls, western

__all__ = ["Decoded", "decode"]

# The longer marks first: that of UTF-32 begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
_UTF_16 = ("utf-16-le", "utf-16-be")
_UTF_32 = ("utf-32-le", "utf-32-be")
_SAMPLE_BYTES = 60_000
_HIGH_BYTE = re.compile(rb"[\x80-\xff]")
_UTF8_CHARACTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_PLAUSIBLE = 0.6
_SHORT_BYTES = 200
_LIKELY = 0.9
_SURE = 1.3
# Good characters that a broken byte needs beside it, for a file to count as UTF-8 all the same.
_GOOD_PER_BROKEN = 8
_MAX_CONTROLS = 0.005
_MAX_BROKEN = 0.02
# What is meant by a name, which is more than its standard has: https://encoding.spec.whatwg.org/#names-and-labels
_MEANT = {
    "ascii": "cp1252",
    "big5": "big5hkscs",
    "euc_kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "shift_jis": "cp932",
}
_NOT_TEXT = "it is binary, not text"
_UNKNOWN = "its encoding is not known; save it as UTF-8"


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text whose lines end with a line feed, the encoding it had, and what of it was lost."""

    text: str
    encoding: str
    unread: tuple[str, ...] = ()


def decode(data: bytes, *, hint: str | None = None) -> Decoded:
    """Decode by the mark, as UTF-8, or by what is plausible; `hint` is what the file says of itself.

    Broken bytes in a text become U+FFFD and are told in `unread`.

    Raises:
        RefusedError: it is binary, or in no encoding that is known.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _decoded(data[len(mark) :], encoding)
    if b"\x00" in data:
        return _decoded(data, _wide(data))
    hinted = _by_hint(data, hint)
    if hinted is not None:
        return hinted
    return _decoded(data, _guess(data))


def _decoded(data: bytes, encoding: str) -> Decoded:
    unread: tuple[str, ...] = ()
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text, unread = _with_losses(data, encoding)
    if share_of_controls(text) > _MAX_CONTROLS:
        raise RefusedError(_NOT_TEXT)
    text = text.replace("\x00", " ")
    return Decoded(text.replace("\r\n", "\n").replace("\r", "\n"), encoding, unread)


def _with_losses(data: bytes, encoding: str) -> tuple[str, tuple[str, ...]]:
    text = data.decode(encoding, "replace")
    lost = text.count("\ufffd") - data.count(b"\xef\xbf\xbd")
    # One broken byte at least is always let pass: a text that was cut off in the middle of a character.
    if lost > max(1, _MAX_BROKEN * len(text)):
        raise RefusedError(_NOT_TEXT if share_of_controls(text) else _UNKNOWN)
    line = text.count("\n", 0, text.index("\ufffd")) + 1
    return text, (f"{lost} broken characters (not {encoding}), the first in line {line}",)


def _by_hint(data: bytes, hint: str | None) -> Decoded | None:
    """What a file says of itself is often wrong; then it is looked at as if it had said nothing."""
    if not hint:
        return None
    try:
        name = codecs.lookup(hint.strip().lower()).name
        encoding = _MEANT.get(name, name)
        # UTF-8 is valid by itself, while bytes of anything are valid in many other encodings.
        if name.startswith(("utf-16", "utf-32")) or _is_utf8_beyond_ascii(data):
            return None
        text = data.decode(encoding)
        if encoding == "cp1252" and _is_mislabelled(data, text):
            return None
        return _decoded(text.encode(), "utf-8")
    except (LookupError, UnicodeError, RefusedError):
        return None


def _is_utf8_beyond_ascii(data: bytes) -> bool:
    try:
        return not data.isascii() and bool(data.decode("utf-8"))
    except UnicodeDecodeError:
        return False


def _is_mislabelled(data: bytes, text: str) -> bool:
    # The label of old mailers and servers for whatever they are given.
    if western(text):
        return False
    start = _HIGH_BYTE.search(data)
    return start is not None and _best_of(_sample(data, start.start()))[1] > _LIKELY


def _wide(data: bytes) -> str:
    """UTF-16 or UTF-32 without a mark, as most texts in them have NULs."""
    names = [name for name in _UTF_32 if len(data) % 4 == 0]
    names += [name for name in _UTF_16 if len(data) % 2 == 0]
    best = max(names, key=lambda name: _score(_sample(data, 0), name), default="")
    if best and _score(_sample(data, 0), best) > _PLAUSIBLE:
        return best
    # A few NULs in what else is text are holes that a crash left in a log.
    if data.count(0) <= _MAX_CONTROLS * len(data):
        return _guess(data)
    raise RefusedError(_NOT_TEXT)


def _guess(data: bytes) -> str:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return _of_valid_utf8(data)
    start = _HIGH_BYTE.search(data)
    sample = _sample(data, start.start() if start else 0)
    if _is_damaged_utf8(sample):
        return "utf-8"
    best, score = _best_of(sample)
    if len(data) % 2 == 0 and score < _SURE:
        wide = max(_UTF_16, key=lambda name: _score(_sample(data, 0), name))
        if _score(_sample(data, 0), wide) > max(score, _LIKELY):
            return wide
    return best if score > _PLAUSIBLE else _single_byte(sample)


def _of_valid_utf8(data: bytes) -> str:
    if b"\x1b$" in data:
        return "iso2022_jp_2"
    # Two or three Chinese characters of GB18030 may happen to be valid UTF-8, but of letters that no
    # language has side by side.
    if len(data) < _SHORT_BYTES and _score(data, "gb18030") >= 1 and not alphabetic(data.decode("utf-8")):
        return "gb18030"
    return "utf-8"


def _sample(data: bytes, start: int) -> bytes:
    # Whole units of UTF-16, and whole lines where there are any.
    start = max(0, start - 100) & ~3
    piece = data[start : start + _SAMPLE_BYTES]
    first = piece.find(b"\n") + 1 if start else 0
    return piece[first if first <= 100 and first % 4 == 0 else 0 :]


def _is_damaged_utf8(sample: bytes) -> bool:
    good = len(_UTF8_CHARACTER.findall(sample))
    broken = sample.decode("utf-8", "replace").count("\ufffd") - sample.count(b"\xef\xbf\xbd")
    return good >= _GOOD_PER_BROKEN * broken


def _best_of(sample: bytes) -> tuple[str, float]:
    names = [name for name in SCORERS if not name.startswith("utf")]
    scores = {name: _score(sample, name) for name in names}
    best = max(names, key=lambda name: scores[name])
    return best, scores[best]


def _score(sample: bytes, encoding: str) -> float:
    return SCORERS[encoding](sample.decode(encoding, "replace"))


def _single_byte(sample: bytes) -> str:
    """One of the alphabets of 256 letters, as `charset-normalizer` tells them apart."""
    if western(sample.decode("cp1252", "replace")):
        return "cp1252"
    normalizer = load("charset_normalizer", extra="knowledge")
    names = [
        "cp1252",
        "cp1250",
        "cp1251",
        "koi8_r",
        "cp1253",
        "cp1254",
        "cp1255",
        "cp1256",
        "cp874",
        "cp1257",
    ]
    match = normalizer.from_bytes(sample, cp_isolation=names).best()
    if match is None:
        controls = share_of_controls(sample.decode("latin-1"))
        raise RefusedError(_NOT_TEXT if controls > _MAX_CONTROLS else _UNKNOWN)
    return str(match.encoding)
