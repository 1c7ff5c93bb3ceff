"""What of a query may not get lost in a rewrite: numbers, names, what stands in quotation marks."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from tao_prompts import language_of

__all__ = ["invented_number", "lost_anchor", "other_script"]

_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]+")
_SENTENCE_START = re.compile(r"(?:^|[.!?:])\W*$")
_QUOTED = re.compile('"([^"]+)"|“([^”]+)”|「([^」]+)」|『([^』]+)』|《([^》]+)》')
_SPELLED = {
    **{word: str(number) for number, word in enumerate("一二三四五六七八九十", start=1)},
    **{"两": "2", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6"},
    **{"seven": "7", "eight": "8", "nine": "9", "ten": "10"},
    **{"first": "1", "second": "2", "third": "3", "fourth": "4"},
}
_SPELLED_WORD = re.compile(r"[一二三四五六七八九十两]|[a-z]+")


def lost_anchor(original: str, queries: Sequence[str]) -> str:
    """The first thing of the original that is in none of the queries; empty where nothing is lost.

    Numbers have to be there digit by digit. Names and quotations may differ by a letter or two, as a typing
    error does. In a Chinese query every Latin word counts as a name, in others those with a capital.
    """
    sound = _sound(original)
    joined = _sound("\n".join(queries))
    numbers = set(_numbers(joined))
    for number in _numbers(sound):
        if number not in numbers:
            return number
    words = {word.casefold() for word in _LATIN.findall(joined)}
    squashed = _squashed(joined)
    for name in _names(sound):
        if not _survives(name.casefold(), words, squashed):
            return name
    quotations = {quoted.casefold() for quoted in _quotations(joined)}
    for quoted in _quotations(sound):
        if quoted.casefold() not in joined.casefold() and not _near(quoted.casefold(), quotations):
            return quoted
    return ""


def invented_number(query: str, known: Iterable[str]) -> str:
    """A number of the query that none of the `known` texts has, nor as a word; empty if there is none."""
    said = _sound("\n".join(known))
    numbers = set(_numbers(said))
    numbers.update(_SPELLED.get(word, "") for word in _SPELLED_WORD.findall(said.lower()))
    return next((number for number in _numbers(_sound(query)) if number not in numbers), "")


def other_script(query: str, original: str) -> bool:
    """Whether the query is written in another script than the original; Latin words may stand in any."""
    before, after = _scripts(original), _scripts(query)
    if not before or before == {"LATIN"}:
        return bool(before) and after != before
    own = before - {"LATIN"}
    return not after & own or not after <= before | {"LATIN"}


def _numbers(sound: str) -> list[str]:
    return [match[0] for match in _NUMBER.finditer(sound)]


def _names(sound: str) -> list[str]:
    found = [(match[0], match.start()) for match in _LATIN.finditer(sound)]
    if language_of(sound) == "zh":
        return [word for word, _ in found]
    capitals = [word for word, _ in found if not word.islower()]
    # In a title, or where somebody shouts, capitals mean nothing.
    if len(found) > 2 and 2 * len(capitals) > len(found):
        return []
    return [
        word
        for word, start in found
        if len(word) > 1
        and (not word[1:].islower() or (word[0].isupper() and not _SENTENCE_START.search(sound[:start])))
    ]


def _survives(name: str, words: set[str], squashed: str) -> bool:
    # Also `wifi` in `Wi-Fi`, and the other way round.
    return name in words or (len(name) > 1 and name in squashed) or _near(name, words)


def _near(text: str, others: Iterable[str]) -> bool:
    from rapidfuzz.distance import OSA

    allowed = 0 if len(text) < 3 or (text.isascii() and len(text) < 4) else 1 if len(text) < 8 else 2
    return any(OSA.distance(text, other, score_cutoff=allowed) <= allowed for other in others)


def _quotations(sound: str) -> list[str]:
    return [next(filter(None, groups)).strip() for groups in _QUOTED.findall(sound)]


def _sound(text: str) -> str:
    return _THOUSANDS.sub("", unicodedata.normalize("NFKC", text))


def _squashed(sound: str) -> str:
    return "".join(character for character in sound.casefold() if character.isalnum())


def _scripts(text: str) -> set[str]:
    """The scripts of its letters by the first word of their Unicode names, such as CJK and LATIN."""
    letters = {character for character in unicodedata.normalize("NFKC", text) if character.isalpha()}
    return {unicodedata.name(letter, "?").partition(" ")[0] for letter in letters}
