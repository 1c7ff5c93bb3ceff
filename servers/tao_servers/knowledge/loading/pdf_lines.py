"""Puts the lines of a PDF page in order: hyphens, spaces and lines that its layout broke."""

import re
import unicodedata

__all__ = ["mended", "share_unmapped"]

_HAN = r"\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_HAN_MARKS = r"\u3001-\u303f\uff00-\uffef" + _HAN
_SPACED = re.compile(rf"(?<=[{_HAN_MARKS}]) (?=[{_HAN_MARKS}])")
_LINE_END = re.compile(rf"[{_HAN}，、；：）】》”]\Z")
_LINE_START = re.compile(rf"[{_HAN}（【《“]")
_SENTENCE_END = re.compile(r"[.!?。！？…]['\"”’）)]*\Z")
# PDFium's sign for a hyphen at the end of a line, together with the break where it left one.
_HYPHEN = re.compile(r"(\w*)\ufffe[ \t]*\n?[ \t]*(\w*)")
# Ligatures, and the radicals that stand for common Chinese characters in some fonts.
_FORMS = re.compile("[\ufb00-\ufb06\u2e80-\u2fdf]")
_UNMAPPED = re.compile("[\x00-\x08\x0e-\x1f\ufffd\ue000-\uf8ff\U000f0000-\U0010ffff]")
_NEARLY_FULL, _SHORT = 0.9, 0.8


def share_unmapped(text: str) -> float:
    """Return how much of the text has no meaning, since the fonts do not say what their shapes are."""
    return len(_UNMAPPED.findall(text)) / max(1, len(text))


def mended(text: str, *, words: frozenset[str] = frozenset()) -> str:
    """Return the text of a page as a person would copy it; `words` are hyphened ones seen elsewhere."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _FORMS.sub(lambda match: unicodedata.normalize("NFKC", match.group()), text)
    text = _HYPHEN.sub(lambda match: _unhyphened(match.group(1), match.group(2), words), text)
    lines = [_unspaced(line.strip()) for line in text.split("\n")]
    return "\n".join(_joined([line for line in lines if line]))


def _unhyphened(before: str, after: str, words: frozenset[str]) -> str:
    """`recogni-` and `tion` are one word, `self-` and `locking` are not where `self-locking` is written."""
    if f"{before}-{after}".lower() in words or not (before.isalpha() and after[:1].islower()):
        return f"{before}-{after}"
    return before + after


def _unspaced(line: str) -> str:
    """Chinese set with spaces between the characters is unreadable for any search."""
    gaps = len(_SPACED.findall(line))
    characters = len(re.findall(f"[{_HAN_MARKS}]", line))
    return _SPACED.sub("", line) if gaps >= 3 and gaps * 2 >= characters else line


def _width(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line)


def _joined(lines: list[str]) -> list[str]:
    """Join Chinese lines that are full with what follows, and part paragraphs at short last lines."""
    widths = sorted(map(_width, lines))
    full = widths[len(widths) * 3 // 4] if widths else 0
    joined: list[str] = []
    last = 0
    for line in lines:
        if (
            joined
            and last >= _NEARLY_FULL * full
            and _LINE_END.search(joined[-1])
            and _LINE_START.match(line)
        ):
            joined[-1] += line
        else:
            if joined and joined[-1] and last < _SHORT * full and _SENTENCE_END.search(joined[-1]):
                joined.append("")
            joined.append(line)
        last = _width(line)
    return joined
