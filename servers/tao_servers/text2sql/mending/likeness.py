"""How alike two names are: as they are spelled, as words, and with what they belong to."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from tao_servers.chinese import name_key
from tao_servers.text2sql.linking.words import has_han, singular, spaced
from tao_servers.text2sql.mending.opposites import are_opposites, deny

__all__ = ["LIKE", "SURE", "Choice", "Near", "best", "by_meaning", "keys", "likeness", "shortlist"]

T = TypeVar("T")
Near = Callable[[str, Sequence[str]], Sequence[float]]

# From here on two names are the same but for their spelling, and from there on probably.
SURE = 0.93
LIKE = 0.8
_MARGIN = 0.04
_LONGEST = 80
# The bundled embedder finds 类型 for 类别 (.65, the next .33); 作者 is 作家 (.70) and 书名 (.62) to it.
_NEAR = 0.6
_NEAR_MARGIN = 0.12
_MOST_NEAR = 200
_LONG_ENDING = 5
# Of 100: whatever differs in a third of its characters.
_ROUGHLY = 55
# What is reckoned from a column, or denies it, is not the column.
_RECKONED = re.compile(
    "^(?:非|未|不|无|没有|同比|环比|平均|总|最大|最小|最高|最低|最多|最少|人均|合计|累计|总数|总和|总量|数|个数|人数|次数|数量|占比|比例|比率|率|密度|排名|差|之和)$"
    "|^(?:avg|average|count|max|maximum|mean|min|minimum|num|number|of|percent|percentage|rank|ratio|sum|total)+$"
)
_TITLES = frozenset(("名称", "名字", "姓名", "名", "name", "title"))


@dataclass(frozen=True, slots=True)
class Choice(Generic[T]):
    """Something with a name; `owner` is what that belongs to, `comment` says more of it."""

    name: str
    what: T
    owner: str = ""
    comment: str = ""


def best(
    written: str,
    choices: Iterable[Choice[T]],
    others: frozenset[str] = frozenset(),
    least: float = LIKE,
) -> T | None:
    """What is most like the written name; None when nothing is like it, or several are.

    Choices with an equal `what` mean the same. `others` are `keys` of tables: what is written before or
    after the name of another table means that one.
    """
    scores: dict[T, float] = {}
    for choice in choices:
        scores[choice.what] = max(scores.get(choice.what, 0.0), likeness(written, choice, others))
    return _first(scores, least, _MARGIN)


def by_meaning(written: str, choices: Sequence[Choice[T]], near: Near | None) -> T | None:
    """What means the same as the written name; None when nothing does, or several do."""
    able = choices[:_MOST_NEAR]
    names = list(dict.fromkeys(choice.name for choice in able))
    if near is None or not names or len(_key(written)) < 2:
        return None
    scores = dict(zip(names, map(float, near(written[:_LONGEST], names)), strict=True))
    found = _first({choice.what: scores[choice.name] for choice in able}, _NEAR, _NEAR_MARGIN)
    # An opposite or an average is near in meaning, and nothing further off is meant in its place.
    others = [choice.name for choice in able if choice.what == found and _is_another(written, choice.name)]
    return None if others else found


def _first(scores: dict[T, float], least: float, margin: float) -> T | None:
    ranked = sorted(scores.items(), key=lambda pair: pair[1], reverse=True)
    if not ranked or ranked[0][1] < least or (len(ranked) > 1 and ranked[0][1] - ranked[1][1] < margin):
        return None
    return ranked[0][0]


def shortlist(written: str, names: Sequence[str], most: int = 40) -> list[int]:
    """The places of the names that may be like the written one, found without comparing each closely."""
    found = process.extract(
        _key(written), list(map(_key, names)), scorer=fuzz.partial_ratio, score_cutoff=_ROUGHLY, limit=most
    )
    return [place for _, _, place in found]


def keys(names: Iterable[str]) -> frozenset[str]:
    """The names without width, case and signs."""
    return frozenset(map(_key, names))


def likeness(written: str, choice: Choice[T], others: frozenset[str] = frozenset()) -> float:
    """From 0 to 1; 1 when only width, case, characters' form or signs differ."""
    written = written[:_LONGEST]
    score = _alike(written, choice.name[:_LONGEST], choice.owner[:_LONGEST], others)
    if choice.comment and score < LIKE:
        head = re.split(r"[,;:(\s\u3001\uff0c\uff1b\uff1a\uff08\u3002]", choice.comment, maxsplit=1)[0]
        score = max(score, 0.95 * _alike(written, head[:_LONGEST], choice.owner[:_LONGEST], others))
    return score


@lru_cache(maxsize=50_000)
def _key(name: str) -> str:
    return name_key(name[:_LONGEST])


@lru_cache(maxsize=50_000)
def _words(name: str) -> tuple[str, ...]:
    return tuple(singular(word) for word in re.findall(r"[^\W_]+", spaced(name).lower()))


@lru_cache(maxsize=20_000)
def _alike(written: str, real: str, owner: str, others: frozenset[str]) -> float:
    one, two = _key(written), _key(real)
    if not one or not two:
        return 0.0
    if one == two:
        return 1.0
    if _is_turned(written, real):
        return 0.0
    if not one.isascii() or not two.isascii():
        held = _contained(one, two, others) if _holds(one, two) else _edited_han(one, two)
        return max(_with_owner(one, two, (_key(owner),)), held)
    ones, twos = _words(written), _words(real)
    if "".join(ones) == "".join(twos):
        return 0.98
    owners = ("".join(_words(owner)), _key(owner))
    parts = _contained_words(ones, twos, others)
    if len(ones) == len(twos) == 1:
        parts = max(parts, _shortened(one, two, _key(owner)))
    edited = _edited(one, two) if OSA.distance(one, two, score_cutoff=1) == 1 else _edited_words(ones, twos)
    return max(_with_owner("".join(ones), "".join(twos), owners), parts, edited)


def _with_owner(one: str, two: str, owners: Sequence[str]) -> float:
    """`singer_name` is the name of a singer, and so may be `singer` in a list."""
    for owner in owners:
        if owner and (one in (owner + two, two + owner) or two in (owner + one, one + owner)):
            return 0.95
        if owner and one == owner and two in _TITLES:
            return 0.9
    return 0.0


def _holds(one: str, two: str) -> bool:
    """Whether one of them begins or ends with the other."""
    short, long = sorted((one, two), key=len)
    return long.startswith(short) or long.endswith(short)


def _is_another(written: str, real: str) -> bool:
    return _is_reckoned(_key(written), _key(real)) or _is_turned(written, real)


def _is_reckoned(one: str, two: str) -> bool:
    """Whether one of them is reckoned from the other, as an average is, and so is near in meaning only."""
    return _holds(one, two) and one != two and _contained(one, two, frozenset()) == 0.0


def _contained(one: str, two: str, others: frozenset[str]) -> float:
    short, long = sorted((one, two), key=len)
    if len(short) < 2:
        return 0.0
    extra = long.removeprefix(short) if long.startswith(short) else long.removesuffix(short)
    if extra in others or _RECKONED.match(extra) or re.search(r"\d|id$", extra):
        return 0.0
    return 0.75 + 0.15 * len(short) / len(long)


def _contained_words(ones: tuple[str, ...], twos: tuple[str, ...], others: frozenset[str]) -> float:
    short, long = sorted((ones, twos), key=len)
    if not short or len(short) == len(long) or short not in (long[: len(short)], long[-len(short) :]):
        return 0.0
    return _contained("".join(short), "".join(long), others)


def _shortened(one: str, two: str, owner: str) -> float:
    """For glued words of which one lacks what is of the owner's name: `sbcountry`, `sbcustcountry`."""
    short, long = sorted((one, two), key=len)
    missing = len(long) - len(short)
    # `sbc|ustc|ountry` is `sb|cust|country` as well.
    parts = ((short[:n], long[n : n + missing], short[n:]) for n in range(2, len(short) - _LONG_ENDING + 1))
    fits = 0 < missing <= len(short) // 2
    is_same = fits and any(
        middle in owner and long == beginning + middle + ending for beginning, middle, ending in parts
    )
    return 0.82 if is_same else 0.0


def _edited_han(one: str, two: str) -> float:
    if _digits(one) != _digits(two) or not (has_han(one) and has_han(two)):
        return 0.0
    longest = max(len(one), len(two))
    distance = OSA.distance(one, two, score_cutoff=2)
    if distance > 2:
        return 0.0
    if distance == 1:
        return {1: 0.0, 2: 0.0, 3: 0.8, 4: 0.86}.get(longest, 0.9)
    return 0.8 if longest >= 6 else 0.0


def _is_turned(written: str, real: str) -> bool:
    """Whether one says the opposite of the other, or is another one of the same row: `team_a`, `team_b`."""
    ones, twos = _words(written), _words(real)
    differing = [(a, b) for a, b in zip(ones, twos, strict=False) if a != b] if len(ones) == len(twos) else []
    numbered = any(len(a) == len(b) == 1 and (a + b).isascii() for a, b in differing)
    denied = len(differing) == 1 and deny(*differing[0])
    return numbered or denied or are_opposites(_key(written), _key(real))


def _edited_words(ones: tuple[str, ...], twos: tuple[str, ...]) -> float:
    if not ones or len(ones) != len(twos):
        return 0.0
    return min(_edited(one, two) for one, two in zip(ones, twos, strict=True))


def _edited(one: str, two: str) -> float:
    if one == two:
        return 0.98
    longest = max(len(one), len(two))
    if _digits(one) != _digits(two) or longest < 4:
        return 0.0
    distance = OSA.distance(one, two, score_cutoff=3)
    # `rate` is no slip of the pen for `date`; `yaer` is one for `year`.
    if longest == 4 and len(one) == len(two) and sorted(one) != sorted(two):
        return 0.0
    if distance == 1:
        return 0.9 if longest > 4 else 0.82
    return 0.84 if distance == 2 and longest >= 8 else 0.81 if distance == 3 and longest >= 12 else 0.0


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())
