"""Program code: whole functions and classes where they fit, small neighbours together.

Indentation and blank lines tell enough in nearly every language, also in broken code. The grammars of
tree-sitter would be exact, but their collection (tree-sitter-language-pack 1.25) fetches them at run time,
and one package for each language is too many.
"""

import re
from collections.abc import Iterator

from tao_servers.knowledge.splitting.packing import Break
from tao_servers.knowledge.splitting.prose import Prose
from tao_servers.knowledge.splitting.work import Span, Work

__all__ = ["split_code"]

_LINE = re.compile(r"\n(?P<blank>(?:[^\S\n]*+\n)*+)(?P<indent>[^\S\n]*+)(?=\S)")
_DEEPEST = 40
_TAB = 4
# A line that goes on with the one above: what closes a block, or is its second half.
_GOES_ON = re.compile(
    r"[)\]}]|(?:else|elif|elsif|elseif|except|finally|catch|rescue|ensure|end|fi|done|esac|then|do|begin)\b"
)
# A line that belongs to the one below: comments, decorators, attributes, what opens a block.
_LEADS = re.compile(r"\s*(?:#|//|/\*|\*|--|;|@|\"\"\"|''')|[^\n]*[:{(\[,\\]\s*\Z")
_LOOK = 200


def split_code(work: Work) -> Iterator[Span]:
    """Cut where the indentation is least, before the comment that stands over a definition."""
    code = _Code(work)
    for start, end in work.regions():
        for piece in work.packer.pack(start, end, code, work.sizes.tokens):
            yield Span(*piece)


class _Code:
    """A `Breaker` that reads the layout of code."""

    def __init__(self, work: Work) -> None:
        self._text = work.document.text
        self._prose = Prose(work.document)

    def __call__(self, start: int, limit: int, end: int, full: int) -> Break:
        if limit >= end:
            return Break(end, closed=True)
        _, at = max(self._borders(start, limit), default=(0, 0))
        return Break(at) if at else self._prose(start, limit, end, full)

    def _borders(self, start: int, limit: int) -> Iterator[tuple[int, int]]:
        """Ranks and places of the lines that begin up to `limit`."""
        above = start
        for match in _LINE.finditer(self._text, start, min(len(self._text), limit + _LOOK)):
            at = match.start("indent")
            if at > limit:
                return
            indent = len(match["indent"].expandtabs(_TAB))
            tied = not match["blank"] and _LEADS.match(self._text[above : match.start()][-_LOOK:])
            if tied or _GOES_ON.match(self._text, match.end()):
                yield 0, at
            else:
                yield 2 * (_DEEPEST - min(indent, _DEEPEST)) + bool(match["blank"]) + 1, at
            above = at
