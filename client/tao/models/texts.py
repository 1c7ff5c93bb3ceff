"""Texts on their way into a model: made sound, and measured without the model's tokenizer."""

import re

__all__ = ["clean", "cut", "estimate_tokens"]

# Han, kana and hangul, whose characters are about one token each.
_EAST_ASIAN = (
    "\u1100-\u11ff\u2e80-\u30ff\u3130-\u318f\u3400-\u9fff\ua960-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff"
)
_PIECES = re.compile(rf"[{_EAST_ASIAN}]|[^\W_{_EAST_ASIAN}]{{1,4}}|[^\w\s]|_")


def clean(text: str) -> str:
    """`text` as tokenizers and JSON take it: without half surrogate pairs and NUL characters."""
    return text.replace("\x00", " ").encode("utf-8", "replace").decode("utf-8")


def estimate_tokens(text: str) -> int:
    """About how many tokens a model sees in `text`, rather too many than too few.

    A Chinese, Japanese or Korean character counts one, a run of other letters or digits one for each four
    begun, a sign one, and spaces nothing.
    """
    return sum(1 for _ in _PIECES.finditer(text))


def cut(text: str, tokens: int) -> str:
    """The beginning of `text` that has `tokens` estimated tokens at most."""
    for count, piece in enumerate(_PIECES.finditer(text)):
        if count == tokens:
            return text[: piece.start()]
    return text
