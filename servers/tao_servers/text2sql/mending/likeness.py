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
# Of 100: whatever differs in a third of its characters.
_ROUGHLY = 55
# One in place of the other turns the meaning over.
_OPPOSITES = re.findall(
    "..",
    "高低大小多少男女上下前后出入进出买卖收支增减左右内外南北东西早晚长短"
    "起止始末始终父母国省省市市县年月月日年日本硕主客正副先后新旧首末胜负",
)
# What is reckoned from a column is not the column.
_RECKONED = re.compile(
    "^(?:平均|总|最大|最小|最高|最低|最多|最少|人均|合计|累计|总数|总和|总量|数|个数|人数|次数|数量|占比|比例|比率|率|密度|排名|差|之和)$"
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

    `others` are `keys` of tables: what is written before or after the name of another table means that one.
    """
    scores: dict[str, tuple[float, T]] = {}
    for choice in choices:
        score = likeness(written, choice, others)
        if score > scores.get(choice.name, (0.0,))[0]:
            scores[choice.name] = (score, choice.what)
    return _first(list(scores.values()), least, _MARGIN)


def by_meaning(written: str, choices: Sequence[Choice[T]], near: Near | None) -> T | None:
    """What means the same as the written name; None when nothing does, or several do."""
    able = [choice for choice in choices[:_MOST_NEAR] if not _is_reckoned(_key(written), _key(choice.name))]
    whats = {choice.name: choice.what for choice in reversed(able)}
    if near is None or not whats or len(_key(written)) < 2:
        return None
    scores = zip(near(written[:_LONGEST], list(whats)), whats.values(), strict=True)
    return _first([(float(score), what) for score, what in scores], _NEAR, _NEAR_MARGIN)


def _first(scores: list[tuple[float, T]], least: float, margin: float) -> T | None:
    scores.sort(key=lambda pair: pair[0], reverse=True)
    if not scores or scores[0][0] < least or (len(scores) > 1 and scores[0][0] - scores[1][0] < margin):
        return None
    return scores[0][1]


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
    if not one.isascii() or not two.isascii():
        held = _contained(one, two, others) if _holds(one, two) else _edited_han(one, two)
        return max(_with_owner(one, two, (_key(owner),)), held)
    ones, twos = _words(written), _words(real)
    if "".join(ones) == "".join(twos):
        return 0.98
    owners = ("".join(_words(owner)), _key(owner))
    parts = _contained_words(ones, twos, others)
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


def _edited_han(one: str, two: str) -> float:
    if _digits(one) != _digits(two) or not (has_han(one) and has_han(two)):
        return 0.0
    longest = max(len(one), len(two))
    distance = OSA.distance(one, two, score_cutoff=2)
    if distance > 2 or (len(one) == len(two) and _is_opposite(one, two)):
        return 0.0
    if distance == 1:
        return {1: 0.0, 2: 0.0, 3: 0.8, 4: 0.86}.get(longest, 0.9)
    return 0.8 if longest >= 6 else 0.0


def _is_opposite(one: str, two: str) -> bool:
    changed = {frozenset((a, b)) for a, b in zip(one, two, strict=True) if a != b}
    return any(frozenset(pair) in changed for pair in _OPPOSITES)


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
    if distance == 1:
        return 0.9 if longest > 4 else 0.82
    return 0.84 if distance == 2 and longest >= 8 else 0.81 if distance == 3 and longest >= 12 else 0.0


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())
