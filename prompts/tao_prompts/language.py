"""Which language a text is in, as far as Tao needs to know."""

import re
from typing import Literal

__all__ = ["Language", "language_of"]

Language = Literal["zh", "en"]

_HAN = re.compile(r"[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


def language_of(text: str) -> Language:
    """`"zh"` when `text` has any Han character, else `"en"`."""
    return "zh" if _HAN.search(text) else "en"
