"""How Chinese a text is."""

import re

__all__ = ["chinese_share"]

_CHARS = 2000
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]+")
_OTHER = re.compile(
    r"[^\W\d_A-Za-z\u00c0-\u024f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]+"
)


def chinese_share(text: str) -> float:
    """How much of the words of a text is Chinese: 1 for Chinese, 0 for English, 0.5 for neither.

    Two Chinese characters count as a word, and so does a run of other letters; one that is neither Chinese
    nor Latin counts half on each side.
    """
    start = text[:_CHARS]
    han = len(_HAN.findall(start)) / 2
    latin = len(_LATIN.findall(start))
    other = len(_OTHER.findall(start))
    words = han + latin + other
    return (han + other / 2) / words if words else 0.5
