"""Gives the arms of a UNION their own ORDER BY and LIMIT, which SQL has only for the whole."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tao_servers.text2sql.mending.edits import Edit
from tao_servers.text2sql.mending.pieces import Piece, cut
from tao_servers.text2sql.schema import Dialect

__all__ = ["own_arms", "wrapped"]

_OPERATORS = {"union", "intersect", "except"}
_NOTE = "put an arm of {} into a SELECT of its own"


@dataclass(slots=True)
class _Arm:
    """One SELECT between set operators: places in the text, and what it has that it may not have."""

    start: int = -1
    end: int = -1
    bracketed: bool = False
    limited: bool = False
    ordered: bool = False


@dataclass(slots=True)
class _Level:
    arms: list[_Arm] = field(default_factory=lambda: [_Arm()])
    operator: str = ""


def own_arms(text: str, dialect: Dialect) -> list[Edit]:
    """What to write so that each arm with an ORDER BY or LIMIT of its own can have it."""
    edits: list[Edit] = []
    number = 0
    for level in _levels(cut(text, dialect)):
        earlier = [arm for arm in level.arms[:-1] if _needs(arm)]
        last = level.arms[-1]
        if earlier and last.limited and not last.bracketed:
            earlier.append(last)
        for arm in earlier:
            number += 1
            edits += wrapped(arm.start, arm.end, level.operator, dialect, number)
        if dialect == "sqlite" and len(level.arms) > 1:
            note = _NOTE.format(level.operator)
            edits += [
                Edit(arm.start, arm.start, "SELECT * FROM ", note) for arm in level.arms if arm.bracketed
            ]
    return edits


def wrapped(start: int, end: int, operator: str, dialect: Dialect, number: int = 1) -> list[Edit]:
    """What makes a SELECT from `start` to `end` an inner one."""
    alias = "" if dialect == "sqlite" else f" AS arm_{number}"
    return [
        Edit(start, start, "SELECT * FROM (", _NOTE.format(operator)),
        Edit(end, end, f"){alias}"),
    ]


def _needs(arm: _Arm) -> bool:
    return arm.start >= 0 and not arm.bracketed and (arm.limited or arm.ordered)


def _levels(pieces: Sequence[Piece]) -> Iterator[_Level]:
    """The arms inside each pair of brackets, and those outside of all."""
    levels, place = [_Level()], 0
    for piece in pieces:
        level, end = levels[-1], place + len(piece.text)
        arm = level.arms[-1]
        if piece.text == ")" and piece.kind == "sign" and len(levels) > 1:
            yield levels.pop()
            levels[-1].arms[-1].end = end
        elif piece.word in _OPERATORS:
            level.operator = piece.word.upper()
            level.arms.append(_Arm())
        elif not piece.is_blank and piece.text != ";":
            _into(arm, piece, place, end)
            if piece.text == "(" and piece.kind == "sign":
                levels.append(_Level())
        place = end
    yield from reversed(levels)


def _into(arm: _Arm, piece: Piece, place: int, end: int) -> None:
    if piece.word in {"all", "distinct"} and arm.end < 0:
        return
    if arm.start < 0 and piece.text == "(" and arm.end < 0:
        arm.start, arm.bracketed = place, True
    elif arm.start < 0 and piece.word in {"select", "values"}:
        arm.start = place
    arm.limited = arm.limited or piece.word == "limit"
    arm.ordered = arm.ordered or piece.word == "order"
    arm.end = end
