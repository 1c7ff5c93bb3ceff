"""Text -> terms of the keyword index; the same rules for what is indexed and for what is asked."""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from tao.models.loading import load
from tao_servers.chinese import simplified

if TYPE_CHECKING:
    from tantivy import TextAnalyzer

__all__ = ["FORM", "terms"]

FORM = 1
"""Raise it when a rule changes: an index with terms of another form is made anew."""

_LONGEST = 64
# Everything from Thai on is cut into pairs of characters: nearly all of it is written without spaces. The
# vowel signs of Thai, Lao, Tibetan, Burmese and Khmer, and those of Indian scripts, are no letters to `re`.
_RUN = r"[^\W_\x00-\u0dff]+(?:[\u0e00-\u109f\u1780-\u17ff\u3099\u309a]+[^\W_\x00-\u0dff]*)*"
_PIECE = r"[^\W_\u0e00-\U0010ffff]+(?:[\u0900-\u0dff]+[^\W_\u0e00-\U0010ffff]*)*"
_AMOUNT = r"\d{1,3}(?:,\d{3})+(?![\d,])(?:\.\d+)?"
_TOKENS = re.compile(rf"{_RUN}|{_AMOUNT}|{_PIECE}(?:(?:[-.@&+'’‐]|_+){_PIECE})*(?:\+\+|#)?")
_PIECES = re.compile(r"[-.@&+'’‐_]+")
_SEGMENTS = re.compile(r"\d+|[^\d]+")
_HUMPS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_POINT = re.compile(r"(?<=\d)\.(?=\d)")
# Too common to tell passages apart by themselves; within pairs they still count.
_COMMON = "一上不与个么之也了于人什以会你到去及吗吧呢和哪在多好己少就很或是有其没的看着自被要说这那都为"
_SINGLES = re.compile(rf"[^{_COMMON}\x00-\u3004\u3008-\u33ff\ua000-\U0001ffff]")
_LETTERS = {"æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ł": "l", "þ": "th", "ð": "d", "ё": "е"}


def terms(text: str) -> list[str]:
    """The terms of `text`, about in its order, with repetitions; none has white space in it.

    Chinese and Japanese give pairs of neighbouring characters and the characters that mean something by
    themselves, Traditional ones as Simplified; words are folded and stemmed as English, and what is made of
    parts (`T-900`, `iPhone15`, `snake_case`, `3.14`) gives its whole and its parts.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_folding())
    found: list[str] = []
    for token in _TOKENS.findall(text):
        if token[0] > "\u0dff":
            found += _run(token)
        elif len(token) <= _LONGEST:
            found += _word(token)
        else:
            found += _long(token)
    return found


def _run(run: str) -> Iterable[str]:
    if len(run) == 1:
        return [run]
    return [*map(str.__add__, run, run[1:]), *_SINGLES.findall(run)]


# Words come again and again: each is taken apart once.
@lru_cache(maxsize=100_000)
def _word(token: str) -> tuple[str, ...]:
    token = token.removesuffix("'s").removesuffix("’s").replace(",", "")
    if token.endswith(("++", "#")):
        return (token.lower(), _stem(token.rstrip("+#").lower()))
    segments = [segment for piece in _PIECES.split(token) for segment in _SEGMENTS.findall(piece)]
    parts = [term for segment in segments for term in _parts(segment)]
    if len(segments) == 1 and token == segments[0]:
        return tuple(parts)
    return (_whole(token), *parts)


def _whole(token: str) -> str:
    """T-900 and T900 are the same, 3.14 and 314 are not."""
    return ".".join(_PIECES.sub("", half) for half in _POINT.split(token)).lower()


def _parts(segment: str) -> list[str]:
    """The segment, and what its capitals set apart: `openFile` is also `open` and `file`."""
    stemmed = [_stem(segment.lower())]
    if segment.islower() or segment.isupper() or segment.istitle():
        return stemmed
    humps = [hump for hump in _HUMPS.findall(segment) if 1 < len(hump) < len(segment)]
    return stemmed + [_stem(hump.lower()) for hump in humps]


def _long(token: str) -> Iterable[str]:
    """Encoded data, most likely: its parts, cut to a bearable length."""
    for piece in _PIECES.split(token):
        for segment in _SEGMENTS.findall(piece):
            for start in range(0, len(segment), _LONGEST):
                yield from _parts(segment[start : start + _LONGEST])


def _stem(word: str) -> str:
    if not (word.isascii() and word.isalpha()):
        return word
    return _stemmer().analyze(word)[0]


@cache
def _stemmer() -> "TextAnalyzer":
    tantivy = load("tantivy", extra="knowledge")
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace())
    analyzer: TextAnalyzer = builder.filter(tantivy.Filter.stemmer("English")).build()
    return analyzer


@cache
def _folding() -> dict[int, str | None]:
    """Traditional characters as Simplified, letters without accents, no accents standing alone.

    Characters go one by one: what OpenCC makes of one can depend on its neighbours, and a question has others
    than the text that it is to find.
    """
    han = [chr(code) for first, last in ((0x3400, 0x9FFF), (0x20000, 0x2FA1F)) for code in range(first, last)]
    folding: dict[int, str | None] = {
        ord(old): new
        for old, new in zip(han, simplified("\n".join(han)).split("\n"), strict=True)
        if old != new
    }
    for first, last in ((0xC0, 0x250), (0x370, 0x400), (0x1E00, 0x2000)):
        for letter in map(chr, range(first, last)):
            plain = unicodedata.normalize("NFD", letter)[0]
            if plain != letter:
                folding[ord(letter)] = plain
    marks = ((0x300, 0x370), (0x591, 0x5BE), (0x5C1, 0x5C3), (0x64B, 0x660), (0x670, 0x671))
    folding |= dict.fromkeys(code for first, last in marks for code in range(first, last))
    for letter, plain in _LETTERS.items():
        folding |= {ord(letter): plain, ord(letter.upper()): plain.upper()}
    return folding | {ord("ß"): "ss", ord("ẞ"): "SS", ord("ı"): "i"}
