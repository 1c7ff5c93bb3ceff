"""The forms under which a value and the words of a question are the same."""

import re
from collections.abc import Iterator

from tao_servers.chinese import name_key
from tao_servers.text2sql.linking.words import folded, has_han, is_common, singular

__all__ = ["Span", "firm_name", "keys", "loose_key", "spans"]

_UNIT = re.compile(
    r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]|[^\W\d_\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+|\d+"
)
_LONGEST_SPAN = 12
_FIRM = r"股份有限公司|有限责任公司|有限公司|公司|集团"
_FIRM_EN = "inc|ltd|llc|corp|corporation|limited|company"
# What the name of a place or a firm may be said without.
_ENDINGS = re.compile(
    rf"(?<=..)(?:特别行政区|维吾尔自治区|壮族自治区|回族自治区|自治区|自治州|自治县|{_FIRM}|省|市|县|区)$"
    rf"|(?<=....)(?:{_FIRM_EN}|city|province)$"
)
# What many firms do tells of none: 科技公司.
_TRADE = re.compile(
    "科技|技术|网络|信息|软件|电子|电商|互联网|通信|传媒|文化|教育|医药|医疗|生物|食品|餐饮|服装|汽车|能源|电力|石油|钢铁"
    "|化工|建筑|工程|地产|房地产|物业|物流|快递|运输|航空|旅游|贸易|进出口|商贸|投资|金融|证券|保险|基金|银行|咨询|广告"
    "|制造|设备|材料|环保|农业|国有|上市|外资"
    "|tech|technology|software|trading|insurance|investment|holding|transport|steel|oil|food|energy"
)
_FIRM_ENDING = re.compile(rf"(?<=..)(?:{_FIRM})$|(?<=....)(?:{_FIRM_EN})$")

# Between the parts of a name there may be `New-York`, `St. Louis`, `A&B`.
_BREAK = re.compile(r"[^\s\-.&'’_/·:]")

Span = tuple[str, int, int]
"""A key, and the first and the last place of what has it."""


def keys(value: str) -> tuple[str, str | None]:
    """The key of a value, and another without an ending of its kind or its plural, where that differs."""
    key = name_key(value)
    loose = loose_key(value, key)
    return key, (loose if loose != key else None)


def loose_key(text: str, key: str) -> str:
    """The key without what may be left out."""
    shorter = _ENDINGS.sub("", key)
    if has_han(key):
        return shorter
    return shorter if shorter != key else name_key("".join(singular(word) for word in folded(text).split()))


def firm_name(key: str) -> str | None:
    """What a firm is called besides being a firm; None of a key that is no firm's."""
    name = _FIRM_ENDING.sub("", key)
    return name if name != key and not _TRADE.fullmatch(name) else None


def spans(question: str) -> Iterator[Span]:
    """Every part of a question that may name a value, with its key; whole words and Chinese characters."""
    text = folded(question)
    units = [(found.group(), found.start(), found.end()) for found in _UNIT.finditer(text)]
    for first in range(len(units)):
        key = ""
        for last in range(first, min(first + _LONGEST_SPAN, len(units))):
            if last > first and _BREAK.search(text, units[last - 1][2], units[last][1]):
                break
            key += units[last][0]
            if first == last and is_common(key):
                continue
            yield key, units[first][1], units[last][2]
