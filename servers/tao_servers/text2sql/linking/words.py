"""Texts of schemas and questions -> terms that can be compared."""

import itertools
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from tao_servers.chinese import simplified

__all__ = ["folded", "has_han", "is_common", "singular", "spaced", "terms", "windows"]

_HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUN_OR_WORD = re.compile(rf"[{_HAN}]+|[^\W\d_{_HAN}]+|\d+(?:\.\d+)?")
_HAN_CHARACTER = re.compile(rf"[{_HAN}]")
_HUMP = re.compile(r"(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])")
_WINDOWED = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]+(?:[ '’-][^\W_{_HAN}]+)*")
_LONGEST = 2_000
_MOST_WINDOWS = 120
# What questions are made of and tables are not.
_COMMON = """
    a about all also an and any are as at be been by can could did do does each every find for from
    get give had has have how i id in into is it its list many me more most much my of on or our out
    per please return should show tell than that the their them there these they this those to us
    was we were what when where which who whom whose will with would you your
"""
_COMMON_WORDS = frozenset(_COMMON.split())
_COMMON_HAN = frozenset(
    "的了是在有和与及或个些哪什么多少请给出找列每各所其这那为以从到被把于之呢吗吧我你他她它们"
)
_SHORT = {
    "acct": "account",
    "addr": "address",
    "amt": "amount",
    "avg": "average",
    "cat": "category",
    "cust": "customer",
    "dept": "department",
    "desc": "description",
    "emp": "employee",
    "inv": "inventory",
    "mfr": "manufacturer",
    "mgr": "manager",
    "num": "number",
    "org": "organization",
    "pct": "percent",
    "pmt": "payment",
    "prod": "product",
    "qty": "quantity",
    "ref": "reference",
    "txn": "transaction",
    "usr": "user",
}


def folded(text: str) -> str:
    """`text` without differences of width, case, and Traditional characters, as long as before."""
    text = text[:_LONGEST]
    if not text.isascii():
        text = "".join(map(_narrow, text))
        simple = simplified(text)
        # It may convert a phrase to one of another length; places in the question must stay what they are.
        text = simple if len(simple) == len(text) else "".join(map(_simple, text))
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(map(_lowered, text))


def _narrow(character: str) -> str:
    form = unicodedata.normalize("NFKC", character)
    return form if len(form) == 1 else character


def _simple(character: str) -> str:
    form = simplified(character)
    return form if len(form) == 1 else character


def _lowered(character: str) -> str:
    form = character.lower()
    return form if len(form) == 1 else character


def has_han(text: str) -> bool:
    """Whether there is a Chinese character in `text`."""
    return _HAN_CHARACTER.search(text) is not None


def spaced(name: str) -> str:
    """A name as words: `orderItems` and `order_items` are `order items`."""
    return " ".join(_HUMP.sub(" ", unicodedata.normalize("NFKC", name[:_LONGEST])).replace("_", " ").split())


def terms(text: str) -> list[str]:
    """The terms of a name, a comment or a question, in their order, with repetitions.

    Chinese gives pairs of neighbouring characters, and single ones that mean something; words are folded to
    their singular, and those that only make up a question are left out.
    """
    found: list[str] = []
    for token in _RUN_OR_WORD.findall(folded(spaced(text))):
        if _HAN_CHARACTER.match(token):
            found += [a + b for a, b in itertools.pairwise(token) if not {a, b} <= _COMMON_HAN]
            found += [character for character in token if character not in _COMMON_HAN]
        elif token not in _COMMON_WORDS:
            found.append(singular(_SHORT.get(token, token)))
    return found


def windows(question: str) -> list[str]:
    """Parts of a question that may be a name: one or two words, two to four Chinese characters."""
    found: list[str] = []
    for run in _WINDOWED.findall(question[:_LONGEST]):
        if _HAN_CHARACTER.match(run):
            found += _parts(list(run), (2, 3, 4), "")
        else:
            found += _parts(run.split(), (1, 2), " ")
    return list(dict.fromkeys(found))[:_MOST_WINDOWS]


def _parts(units: list[str], sizes: tuple[int, ...], joint: str) -> Iterator[str]:
    for size in sizes:
        for start in range(len(units) - size + 1):
            part = units[start : start + size]
            if not (is_common(part[0]) or is_common(part[-1])):
                yield joint.join(part)


def is_common(unit: str) -> bool:
    """Whether a word or a Chinese character only makes up questions."""
    return unit in _COMMON_HAN or unit.lower() in _COMMON_WORDS


@lru_cache(maxsize=50_000)
def singular(word: str) -> str:
    """A lower-case English word without the ending of its plural (Harman 1991, the S stemmer)."""
    if len(word) > 3:
        if word.endswith("ies") and not word.endswith(("eies", "aies")):
            return word[:-3] + "y"
        if word.endswith(("sses", "shes", "ches", "xes")):
            return word[:-2]
        if word.endswith("s") and not word.endswith(("us", "ss", "is")):
            return word[:-1]
    return word
