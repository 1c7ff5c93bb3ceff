"""Whether an answer holds a right one, and whether it says that nothing was found; for zh and en alike."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

__all__ = ["overlap", "says_not_found", "stands_in", "words"]

_GROUPING = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
# A Chinese character is a word; of other scripts, letters and digits that stand together.
_WORD = re.compile(r"[㐀-鿿]|[^\W㐀-鿿_]+")
_ARTICLES = frozenset({"a", "an", "the"})
_NOT_FOUND = re.compile(
    r"(?:没有?|没能|未能?|无法|不能|并未|尚未)[^，。；！\n]{0,12}?"
    r"(?:查到|查询到|找到|提到|提及|提供|说明|记载|包含|涉及|回答|确定|得知|得出|获取|给出|相关|信息|资料|答案|记录)"
    r"|(?:资料|材料|文档|段落|观察)[里中内]?面?[^，。；！\n]{0,8}?没有|不知道|不清楚|不确定|找不到|查不到|无相关|抱歉|对不起"
    r"|\b(?:not|cannot|unable to|\w+n['’]t)\b[^.;!\n]{0,40}?"
    r"\b(?:found|find|have it|mention\w*|know|sure|state[ds]?|provid\w+|contain\w*|includ\w+|specif\w+"
    r"|answer\w*|determin\w+|available|list(?:ed)?|given|inform\w+)\b"
    r"|\b(?:no|nothing)\b[^.;!\n]{0,20}?\b(?:information|mention|answer|data|results?|relevant|found|record)\b"
    r"|\bunknown\b|\bsorry\b",
    re.IGNORECASE,
)


def words(text: str) -> list[str]:
    """The words of a text in lower case, without punctuation and English articles."""
    plain = _GROUPING.sub("", unicodedata.normalize("NFKC", text).casefold())
    return [word for word in _WORD.findall(plain) if word not in _ARTICLES]


def stands_in(gold: Sequence[str], text: str) -> bool:
    """Whether one of `gold` stands in a text, word for word."""
    said = f" {' '.join(words(text))} "
    return any(wanted and f" {' '.join(wanted)} " in said for wanted in map(words, gold))


def overlap(gold: Sequence[str], text: str) -> float:
    """F1 over the words that a text shares with the nearest of `gold`, from 0 to 1."""
    return max((_f1(words(one), words(text)) for one in gold), default=0.0)


def says_not_found(text: str) -> bool:
    """Whether a text says that the answer was not found or is not known; nothing at all says so too."""
    return not text.strip() or _NOT_FOUND.search(text) is not None


def _f1(wanted: Sequence[str], said: Sequence[str]) -> float:
    common = sum((Counter(wanted) & Counter(said)).values())
    return 2 * common / (len(wanted) + len(said)) if common else 0.0
