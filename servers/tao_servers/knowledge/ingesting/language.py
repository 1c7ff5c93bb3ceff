"""The language that a document is in."""

import re

from tao.models.embeddings.language import chinese_share

__all__ = ["language_of"]

_CHARS = 2000
_LATIN_WORD = re.compile(r"[a-z\u00df-\u024f]+")
_ENGLISH = frozenset({"a", "and", "are", "for", "in", "is", "not", "of", "on", "that", "the", "to", "with"})
# In English prose a third of all words are such; in lists of names and in code almost none.
_ENGLISH_SHARE = 0.1


def language_of(text: str) -> str:
    """`zh` or `en`, judged by the beginning of `text`; empty where it seems to be neither."""
    share = chinese_share(text)
    if share > 0.5:
        return "zh"
    words = _LATIN_WORD.findall(text[:_CHARS].lower())
    known = sum(word in _ENGLISH for word in words)
    return "en" if share < 0.5 and known >= _ENGLISH_SHARE * len(words) else ""
