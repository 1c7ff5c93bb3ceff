"""Has the model choose among results that have as many votes."""

import re
from collections.abc import Sequence

from tao.errors import ModelError
from tao_servers.text2sql.answering.outcome import Reading
from tao_servers.text2sql.answering.prompting import messages_to_choose
from tao_servers.text2sql.answering.task import Task
from tao_servers.text2sql.answering.writing import Writer

__all__ = ["chosen_first", "tied"]

_NUMBER = re.compile(r"\d+")


def tied(readings: Sequence[Reading]) -> int:
    """How many of the first readings nothing but their order sets apart."""
    first = readings[0] if readings else None
    return sum(
        first is not None
        and one.votes == first.votes
        and one.candidate.is_implausible == first.candidate.is_implausible
        for one in readings
    )


async def chosen_first(
    task: Task, readings: Sequence[Reading], writer: Writer, *, hinted: bool
) -> tuple[Reading, ...]:
    """The readings, with that first which the model chooses among the tied ones; as they were if it fails."""
    count = tied(readings)
    if count < 2:
        return tuple(readings)
    asked = messages_to_choose(task, [one.candidate for one in readings[:count]], hinted=hinted)
    try:
        reply = await writer.write(asked, 0.0)
    except ModelError:
        return tuple(readings)
    said = _NUMBER.search(reply.text)
    number = int(said[0][:2]) if said else 0
    if not 1 < number <= count:
        return tuple(readings)
    chosen = readings[number - 1]
    return (chosen, *(one for one in readings if one is not chosen))
