"""Compares the texts in a statement with those in the question: one dropped, or one that nobody asked for."""

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from tao_servers.chinese import name_key

if TYPE_CHECKING:
    from tao_servers.text2sql.answering.task import Task
    from tao_servers.text2sql.linking import ValueMatch

__all__ = ["dropped", "unasked"]

_SURE = 0.95
_SHORTEST = 2
# A word for how much or which, which may be the name of a level or a state as well.
_EVERYDAY_WORDS = """
    all any average best count each every first highest last latest least low lowest most new number old one
    open order other top total 全部 所有 一般 平均 其他 其它 普通 最新 最高 最低 总数 正常
"""
_EVERYDAY = frozenset(_EVERYDAY_WORDS.split())
_DAY = re.compile(r"\d{4}-\d{2}")


def dropped(task: "Task", texts: Collection[str], sql: str) -> list["ValueMatch"]:
    """Values that the question names as they are stored, and that the statement looks for in no `texts`.

    A word that names a table or a column that the statement has is taken for that name.
    """
    looked_for, written = list(map(name_key, texts)), name_key(sql)
    there: set[str] = set()
    sure: dict[str, ValueMatch] = {}
    for match in task.link.values:
        words, value = name_key(match.words), name_key(match.value)
        if words in written or any(_overlap(one, text) for one in (words, value) for text in looked_for):
            there.add(words)
        elif match.score >= _SURE and len(words) >= _SHORTEST and not words.isdecimal():
            sure.setdefault(words, match)
    missing = {words: one for words, one in sure.items() if words not in there | _EVERYDAY}
    return [
        one for words, one in missing.items() if not any(words in long and words != long for long in sure)
    ]


def unasked(task: "Task", texts: Collection[str]) -> Iterator[str]:
    """Texts that the statement looks for, and that neither the question nor what linking made of it has."""
    known = [name_key(task.question), name_key(task.notes)]
    known += [name_key(text) for match in task.link.values for text in (match.value, match.words)]
    for text in texts:
        parts = [name_key(part) for part in re.split("[%_]+", text)]
        is_new = any(not any(part in one for one in known) for part in parts if _is_word(part))
        if is_new and not _DAY.match(text):
            yield text


def _is_word(key: str) -> bool:
    return any(sign.isalpha() for sign in key)


def _overlap(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return one == other or (len(short) >= _SHORTEST and short in long)
