"""The log of a run: everything that was asked, said, called, answered, and how it was rated."""

from tao.runs.chain import Turn, conversation, last_run
from tao.runs.log import RunLog, new_run_id
from tao.runs.ratings import rate
from tao.runs.reading import LoggedRun, Lookup, newest_runs, read_run

__all__ = [
    "LoggedRun",
    "Lookup",
    "RunLog",
    "Turn",
    "conversation",
    "last_run",
    "new_run_id",
    "newest_runs",
    "rate",
    "read_run",
]
