"""How much a text that was decoded by guess looks like something that people write."""

import functools
import re
import unicodedata
from collections import Counter
from collections.abc import Callable

__all__ = ["SCORERS", "alphabetic", "share_of_controls", "western"]

# The characters that make up about half of all running text, as any frequency table has them.
_SIMPLIFIED = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里"
    "用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实"
    "日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政"
    "美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员"
)
_TRADITIONAL = (
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡"
    "用道行所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實"
    "日軍者意無力它與長把機十民第公此已工使情明性知全三又關點正業外將兩高間由問很最重並物手應戰向頭文體政"
    "美相見被利什二等產或新己制身果加西斯月話合回特代內信表化老給世位次度門任常先海通教兒原東聲提立及比員"
)
_HANGUL = (
    "이다는의에을를가고하한지로사기은도인서어해나아대니자그리들정시라일있것수과제보부장전여상스게성원연구주조"
)
_CHINESE_MARKS = "，。、；：？！（）《》“”‘’—…·「」『』【】"
_JAPANESE_MARKS = "、。「」『』・ー（）〜！？"
_WESTERN = frozenset("àáâãäåæçèéêëìíîïñòóôõöøùúûüýÿßœÀÁÂÄÅÆÇÈÉÊËÍÎÑÓÔÖØÙÚÜŒ‘’“”„–—…€£§©®°·«»¡¿ºª²\xa0")
# The letters of Central Europe and Turkey, tone marks of pinyin, Greek, Cyrillic, Hebrew and Arabic.
_USUAL = re.compile(
    "[\xa0-\xff\u0100-\u017e\u01cd-\u01dc\u0391-\u03a1\u03a3-\u03ce\u0400-\u045f\u05d0-\u05ea\u0600-\u06ff]"
)

_FREQUENT, _COMMON, _RARE, _WRONG = 2.0, 1.0, 0.1, -3.0


@functools.cache
def _level_one(codec: str, first: int, last: int) -> frozenset[str]:
    """The characters that the makers of a double-byte set put into its common half."""
    cells = (bytes((lead, trail)) for lead in range(first, last) for trail in range(0x40, 0xFF))
    return frozenset("".join(cell.decode(codec, "ignore") for cell in cells))


def _common_simplified() -> frozenset[str]:
    return _level_one("gb2312", 0xB0, 0xD8)


def _common_traditional() -> frozenset[str]:
    return _level_one("big5", 0xA4, 0xC7)


def _common_kanji() -> frozenset[str]:
    return _level_one("shift_jis", 0x88, 0x99)


def _common_hangul() -> frozenset[str]:
    return _level_one("euc_kr", 0xB0, 0xC9)


def _is_wrong(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cn", "Co", "Cs") or char == "\ufffd"


def _score(text: str, frequent: str, common: Callable[[], frozenset[str]]) -> float:
    """The mean over the characters beyond ASCII, from -3 to 2; without any of them 0."""
    # Counted first: a text has a few hundred different characters, and this is done for every file.
    foreign = {char: count for char, count in Counter(text).items() if char > "\x7f"}
    frequent_set, common_set = frozenset(frequent), common()

    def value(char: str) -> float:
        if char in frequent_set:
            return _FREQUENT
        if char in common_set:
            return _COMMON
        return _WRONG if _is_wrong(char) else _RARE

    total = sum(value(char) * count for char, count in foreign.items())
    return total / sum(foreign.values()) if foreign else 0.0


def _simplified(text: str) -> float:
    return _score(text, _SIMPLIFIED + _CHINESE_MARKS, _common_simplified)


def _traditional(text: str) -> float:
    return _score(text, _TRADITIONAL + _CHINESE_MARKS, _common_traditional)


def _gb18030(text: str) -> float:
    # Traditional texts are written in it as well.
    return max(_simplified(text), _traditional(text) - 0.1)


def _japanese(text: str) -> float:
    kana = "".join(map(chr, (*range(0x3041, 0x3094), *range(0x30A1, 0x30FB))))
    # Without kana it is hardly Japanese; half-width ones are what Chinese bytes turn into.
    score = _score(text, kana + _JAPANESE_MARKS, _common_kanji)
    return score if any("\u3041" <= char <= "\u30fa" for char in text) else score - 1


def _korean(text: str) -> float:
    return _score(text, _HANGUL, _common_hangul)


def _unicode(text: str) -> float:
    """For UTF-16 without a mark: ASCII is as plausible as what is common in any language."""
    known = [char for char in text if not char.isspace()]
    if not known:
        return 0.0
    ascii_share = sum(char < "\x7f" for char in known) / len(known)
    foreign = max(_gb18030(text), _japanese(text), _korean(text), _alphabetic(text))
    return 1.5 * ascii_share + foreign * (1 - ascii_share) - 10 * share_of_controls(text)


def _alphabetic(text: str) -> float:
    """For other alphabets, each of which has a block of its own: Latin, Greek, Cyrillic, Arabic."""
    foreign = [char for char in text if char > "\x7f"]
    letters = sum("\xa0" <= char < "\u0700" and char.isalpha() for char in foreign)
    return letters / len(foreign) if foreign else 0.0


def alphabetic(text: str) -> bool:
    """Whether all that is beyond ASCII is usual: in an alphabet that is in use, or not a letter of one."""
    foreign = [char for char in text if char > "\x7f"]
    return all(char in _WESTERN or char >= "\u0700" or _USUAL.match(char) for char in foreign)


def western(text: str) -> bool:
    """Whether the letters beyond ASCII are those of western Europe, and few, as they are in its languages."""
    foreign = [char for char in text if char > "\x7f"]
    letters = sum(char.isalpha() for char in text)
    return all(char in _WESTERN for char in foreign) and len(foreign) <= max(1, 0.3 * letters)


def share_of_controls(text: str) -> float:
    """The share of control characters that no text file has."""
    if not text:
        return 0.0
    bad = sum(text.count(chr(code)) for code in range(32) if chr(code) not in "\t\n\r\f\x0b\x1b\x08\x1a")
    return bad / len(text)


SCORERS: dict[str, Callable[[str], float]] = {
    "gb18030": _gb18030,
    "big5hkscs": _traditional,
    "cp932": _japanese,
    "cp949": _korean,
    "euc_jp": _japanese,
    "utf-16-le": _unicode,
    "utf-16-be": _unicode,
    "utf-32-le": _unicode,
    "utf-32-be": _unicode,
}
"""Encodings in the order of preference, each with the judge of what it makes of some bytes."""
