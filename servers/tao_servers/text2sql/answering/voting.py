"""Chooses among candidates by their results: those that agree vote for each other."""

from collections.abc import Iterable

from tao_servers.text2sql.answering.candidate import Candidate
from tao_servers.text2sql.answering.outcome import Reading
from tao_servers.text2sql.matching import same_result

__all__ = ["agree", "readings"]


def readings(candidates: Iterable[Candidate]) -> tuple[Reading, ...]:
    """The results that there are, the one to choose first.

    Results count as one whatever the order of their columns and rows. A result with values goes before
    one without, then the one with more votes, then the more plausible one, then the one whose statement
    needed less mending, then the one that was written first.
    """
    groups: list[list[Candidate]] = []
    for candidate in candidates:
        if candidate.rows is None:
            continue
        same = next((group for group in groups if agree(group[0], candidate)), None)
        if same is None:
            groups.append([candidate])
        else:
            same.append(candidate)
    found = [Reading(min(group, key=lambda one: len(one.mends)), len(group)) for group in groups]
    return tuple(sorted(found, key=_rank))


def _rank(reading: Reading) -> tuple[bool, int, bool, int]:
    one = reading.candidate
    return one.is_empty, -reading.votes, one.is_implausible, len(one.mends)


def agree(one: Candidate, other: Candidate) -> bool:
    """Whether two statements gave the same rows."""
    if one.rows is None or other.rows is None or one.rows.more != other.rows.more:
        return False
    if len(one.rows.columns) != len(other.rows.columns):
        return False
    return same_result(one.rows.rows, other.rows.rows, ordered=False)
