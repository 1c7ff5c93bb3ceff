"""Numbers that a question has in words or with a unit, as a statement needs them."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from tao_servers.text2sql.linking.words import folded

__all__ = ["NumberMatch", "chinese_number", "english_number", "find_numbers"]


@dataclass(frozen=True, slots=True)
class NumberMatch:
    """Words of a question and the number that they say; a share is a part of 1: 三成 is 0.3."""

    words: str
    value: int | float


_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")}
_DIGITS |= {"〇": 0, "两": 2, "俩": 2}
_SMALL_UNITS = {"十": 10, "百": 100, "千": 1000}
_LARGE_UNITS = {"万": 10**4, "亿": 10**8}
_ENGLISH_UNITS = {
    "hundred": 100,
    "thousand": 1_000,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
    "k": 1_000,
    "m": 10**6,
    "mn": 10**6,
    "bn": 10**9,
    "b": 10**9,
    "dozen": 12,
}
_ONES = {
    word: value
    for value, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
}
_TENS = {
    word: 10 * value
    for value, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2
    )
}
_N = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_EN_UNIT = "hundred|thousand|million|billion|trillion|dozen|mn|bn|k|m|b"
_HAN = "[零〇一二两俩三四五六七八九十百千万亿]"
_HAN_NUMBER = rf"{_HAN}+(?:点[零〇一二三四五六七八九]+)?"
_WORD = "|".join([*_ONES, *_TENS, "hundred", "thousand", "million", "billion"])
_WORDS = rf"(?:{_WORD})(?:(?:[ -]+and)?[ -]+(?:{_WORD}))*"
# What is counted after a numeral of one character: 一 in 一带一路 is none.
_COUNTED = "[个位名人家次条件种类张本所座场届岁辆台只头部篇支门块元倍分]"

_ZH_UNITS = "(?:[百千]?[万亿]+|[十百千])"
_PART = re.compile(rf"(?P<n>{_N}) ?(?P<unit>{_ZH_UNITS})")

_Number = Decimal | None
_Reading = Callable[[re.Match[str]], _Number]


def chinese_number(text: str) -> Decimal | None:
    """What a Chinese numeral says: 两千五百, 一百二, 二〇二四, 三点五; None when it is none."""
    whole, _, fraction = text.partition("点")
    if not any(character in _SMALL_UNITS or character in _LARGE_UNITS for character in whole):
        number = _spelt(whole)
    else:
        number = _composed(whole)
    if number is None or not fraction:
        return number
    digits = _spelt(fraction)
    return None if digits is None else number + digits.scaleb(-len(fraction))


def _spelt(text: str) -> _Number:
    if not text or any(character not in _DIGITS for character in text):
        return None
    return Decimal("".join(str(_DIGITS[character]) for character in text))


def _composed(text: str) -> _Number:
    total, section, digit, last_unit = 0, 0, None, 1
    for character in text:
        if character in _DIGITS:
            digit = _DIGITS[character]
            last_unit = 1 if digit == 0 else last_unit
        elif character in _SMALL_UNITS:
            last_unit = _SMALL_UNITS[character]
            section += (1 if digit is None else digit) * last_unit
            digit = None
        else:
            last_unit = _LARGE_UNITS[character]
            # 万亿: what is before it is counted in 亿 as a whole.
            section += digit or 0
            total = (total + section) * last_unit if last_unit > total > 0 else total + section * last_unit
            section, digit = 0, None
    # 一百二 is 120, 两万五 is 25,000; 一百零二 is 102.
    return Decimal(total + section + (digit or 0) * (last_unit // 10 or 1))


def _digits(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


def _with_chinese_units(match: re.Match[str]) -> _Number:
    """1.5万 is 15,000, 12亿5千万 is 1,250,000,000."""
    total = Decimal(0)
    for part in _PART.finditer(match[0]):
        scale = 1
        for unit in part["unit"]:
            scale *= _SMALL_UNITS.get(unit) or _LARGE_UNITS[unit]
        total += _digits(part["n"]) * scale
    return total


def _any(text: str) -> _Number:
    return _digits(text) if text[0].isdecimal() else chinese_number(text)


def _tenths(match: re.Match[str]) -> _Number:
    number = _any(match["n"])
    if number is None or number > 10:
        return None
    half = Decimal("0.5") if match["half"] else Decimal(0)
    return (number + half) / 10


def _of_hundred(match: re.Match[str]) -> _Number:
    number = _any(match["n"])
    return None if number is None else number / (1000 if match["of"] in {"千", "‰"} else 100)


def _fraction(match: re.Match[str]) -> _Number:
    below, above = _any(match["below"]), _any(match["above"])
    return above / below if below and above is not None else None


def _plain_chinese(match: re.Match[str]) -> _Number:
    text = match["n"]
    units = sum(character not in _DIGITS for character in text)
    # 千万 and 万一 are words; 十 and 百万 are numbers, the latter only with a digit before it.
    if text[0] in "百千万亿" or (len(text) > 1 and units == 0):
        return None
    return chinese_number(text)


def english_number(text: str) -> Decimal | None:
    """What English number words say: two hundred and five; None when there are others among them."""
    known = {*_ONES, *_TENS, "hundred", "thousand", "million", "billion", "and"}
    return _english(text) if text and set(re.split(r"[ -]+", text)) <= known else None


def _english(text: str) -> Decimal:
    total, section = 0, 0
    for word in re.split(r"[ -]+", text):
        if word in _ONES or word in _TENS:
            section += _ONES.get(word, _TENS.get(word, 0))
        elif word == "hundred":
            section = max(section, 1) * 100
        elif word in _ENGLISH_UNITS:
            total += max(section, 1) * _ENGLISH_UNITS[word]
            section = 0
    return Decimal(total + section)


def _english_words(match: re.Match[str]) -> _Number:
    # "one of the cities" counts nothing.
    return None if match["n"] == "one" else _english(match["n"])


_RULES: tuple[tuple[re.Pattern[str], _Reading], ...] = tuple(
    (re.compile(pattern), reading)
    for pattern, reading in (
        (rf"(?P<of>[百千])分之(?P<n>{_N}|{_HAN_NUMBER})", _of_hundred),
        (rf"(?P<below>\d+|{_HAN}+)分之(?P<above>\d+|{_HAN}+)", _fraction),
        (rf"(?P<n>{_N}|{_HAN})成(?P<half>半)?(?![功员为立绩本长分交果人年名语都不])", _tenths),
        (rf"(?P<n>{_N}) ?(?P<of>%|‰|percent\b|per cent\b)", _of_hundred),
        (rf"(?:(?:{_N}) ?{_ZH_UNITS})+", _with_chinese_units),
        (rf"(?P<n>{_HAN_NUMBER})(?:多|余|来)?(?={_COUNTED})", lambda m: chinese_number(m["n"])),
        (rf"(?<=前|第|满|超|过|于|足|达)(?P<n>{_HAN_NUMBER})(?![带路线])", lambda m: chinese_number(m["n"])),
        (
            rf"(?P<n>{_HAN}+点[零〇一二三四五六七八九]+|{_HAN}{{2,}}(?:点[零〇一二三四五六七八九]+)?|十(?!几))",
            _plain_chinese,
        ),
        (
            rf"(?<![\w.])(?P<n>{_N}) ?(?P<unit>{_EN_UNIT})\b",
            lambda m: _digits(m["n"]) * _ENGLISH_UNITS[m["unit"]],
        ),
        (
            rf"\b(?P<n>{_WORDS}) (?P<of>percent|per cent)\b",
            lambda m: _english(m["n"]) / 100,
        ),
        (r"\bhalf a (?P<unit>million|billion|dozen)\b", lambda m: Decimal(_ENGLISH_UNITS[m["unit"]]) / 2),
        (
            r"\ba (?P<unit>hundred|thousand|million|billion|dozen)\b",
            lambda m: Decimal(_ENGLISH_UNITS[m["unit"]]),
        ),
        (rf"\b(?P<n>{_WORDS})\b", _english_words),
        (r"(?<![\w.])(?P<n>\d{1,3}(?:,\d{3})+(?:\.\d+)?)(?![\d,])", lambda m: _digits(m["n"])),
    )
)


def find_numbers(question: str, taken: Iterable[tuple[int, int]] = ()) -> list[NumberMatch]:
    """Numbers of a question, in its order, but for those that are written as a statement has them.

    `taken` are places of dates, whose numbers are none.
    """
    text = folded(question)
    for first, last in taken:
        text = text[:first] + " " * (last - first) + text[last:]
    found: list[tuple[int, NumberMatch]] = []
    for pattern, reading in _RULES:
        for match in pattern.finditer(text):
            number = reading(match)
            if number is not None:
                found.append(
                    (match.start(), NumberMatch(question[match.start() : match.end()], _value(number)))
                )
                # What is read once is not read again by a weaker rule.
                text = text[: match.start()] + " " * (match.end() - match.start()) + text[match.end() :]
    return [match for _, match in sorted(found, key=lambda pair: pair[0])]


def _value(number: Decimal) -> int | float:
    whole = int(number)
    return whole if number == whole else float(round(number, 10))
