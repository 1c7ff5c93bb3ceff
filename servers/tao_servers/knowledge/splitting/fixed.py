"""Chunks of one size that overlap, whatever the text says; no word is cut."""

from collections.abc import Iterator

from tao_servers.knowledge.splitting.borders import last_gap, next_gap
from tao_servers.knowledge.splitting.packing import Break
from tao_servers.knowledge.splitting.work import Span, Work

__all__ = ["split_evenly"]


def split_evenly(work: Work) -> Iterator[Span]:
    """Cut into full chunks; each begins with about the last `overlap` tokens of the one before."""
    for start, end in work.regions():
        yield from _region(work, start, end)


def _region(work: Work, start: int, end: int) -> Iterator[Span]:
    text, sizes, packer = work.document.text, work.sizes, work.packer

    def full(start: int, limit: int, end: int, full: int) -> Break:
        return Break(end, closed=True) if limit >= end else Break(last_gap(text, start, limit))

    done = start
    while (start := packer.ink(start, end)) < end:
        stop = packer.fill(start, end, full, sizes.tokens)
        # An overlap may have brought nothing but what the chunk before has: begin where that ends.
        if stop <= done:
            start = done
            continue
        yield Span(start, packer.trimmed(start, stop))
        if stop >= end:
            return
        done, start = stop, _step_back(work, start, stop)


def _step_back(work: Work, start: int, stop: int) -> int:
    wanted = int(work.packer.chars(work.sizes.overlap))
    return next_gap(work.document.text, max(start + 1, stop - wanted), stop)
