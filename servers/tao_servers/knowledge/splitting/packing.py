"""Fills chunks up to a number of tokens, with as little counting as possible.

A tokenizer may take 10 us a token, so a text is counted about once: where a chunk may end is estimated from
the tokens per character so far, the chosen piece is counted, and only a bad guess is mended. The library
semantic-text-splitter (0.33) was tried for this: it has 8 times the tokens of a Chinese text counted, takes
44 s for 300,000 characters without a break, and leaves an opening bracket at the end of a sentence.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

from tao_servers.knowledge.document import Document
from tao_servers.knowledge.splitting.tables import Headers

__all__ = ["Break", "Breaker", "Packer"]

# A chunk has at most so many characters a token, or a rule of dashes would become a chunk without end.
_CHARS = 16
# A guess aims below the size, since going over costs a second count.
_AIM = 0.95
_FULL = 0.75
_GROWTHS = 3
_MOST_A_BYTE = 4
_SAMPLE_CHARS = 512
_INK = re.compile(r"\S")


class Break(NamedTuple):
    """Where a chunk ends; `closed`: of its own accord, not for want of room."""

    at: int
    closed: bool = False


class Breaker(Protocol):
    """Chooses where a chunk ends."""

    def __call__(self, start: int, limit: int, end: int, full: int) -> Break:
        """Choose a place after `start`, up to `limit`; the text goes on to `end`, `full` characters fit."""
        ...


class Packer:
    """Packs the text of one document."""

    def __init__(self, document: Document, count: Callable[[str], int]) -> None:
        self._text = document.text
        self._count = count
        self._density = self._sampled()
        self._headers = Headers(document)
        self._header_tokens: dict[str, int] = {}

    def pack(self, start: int, end: int, breaker: Breaker, tokens: int) -> Iterator[tuple[int, int]]:
        """Cut `text[start:end]` into spans without white space at their ends."""
        while (first := self.ink(start, end)) < end:
            start = self.fill(first, end, breaker, tokens)
            yield first, self.trimmed(first, start)

    def ink(self, start: int, end: int) -> int:
        """The first character from `start` that is no white space, or `end`."""
        found = _INK.search(self._text, start, end)
        return found.start() if found else end

    def fill(self, start: int, end: int, breaker: Breaker, tokens: int) -> int:
        """Where the chunk that begins at `start` ends, so that it has at most `tokens`."""
        tokens = self._room(start, tokens)
        most = _CHARS * tokens
        guess = min(most, max(1, int(_AIM * tokens / self._density)))
        best, over, growths = start, False, 0
        while True:
            limit = min(start + guess, end)
            at, closed = breaker(start, limit, end, guess)
            size = self._measure(start, at, tokens)
            if size > tokens and at - start > 1:
                if best > start:
                    return best
                guess = max(1, min(int(_AIM * (at - start) * tokens / size), at - start - 1))
                over = True
                continue
            best = max(best, at)
            density = size / (at - start)
            wider = min(most, int(_AIM * tokens / max(density, 1 / most)))
            room = limit < end and density * guess < _FULL * tokens and wider > guess
            if closed or over or not room or growths == _GROWTHS:
                return best
            guess, growths = wider, growths + 1

    def trimmed(self, start: int, end: int) -> int:
        """`end` without the white space before it."""
        return start + len(self._text[start:end].rstrip())

    def chars(self, tokens: int) -> float:
        """About how many characters have so many tokens."""
        return min(_CHARS, 1 / self._density) * tokens

    def _sampled(self) -> float:
        start = self.ink(0, len(self._text))
        sample = self._text[start : start + _SAMPLE_CHARS]
        return max(self._count(sample), 1) / len(sample) if sample else 1.0

    def _measure(self, start: int, end: int, tokens: int) -> int:
        piece = self._text[start:end].strip()
        size = len(piece.encode(errors="surrogatepass"))
        # It cannot be over; what it really has is not worth a count.
        if _MOST_A_BYTE * size <= tokens:
            return min(max(1, int(self._density * len(piece))), tokens)
        counted = self._count(piece)
        self._density = max(counted, 1) / max(end - start, 1)
        return counted

    def _room(self, start: int, tokens: int) -> int:
        """What is left of `tokens` beside the header that the chunk is read by; half of them at least."""
        header = self._headers.at(start)
        if not header:
            return tokens
        if header not in self._header_tokens:
            self._header_tokens[header] = self._count(header)
        return max(tokens - self._header_tokens[header], tokens // 2, 1)
