"""The log of a run: everything that was asked, said, called and answered."""

from tao.runs.log import RunLog, new_run_id

__all__ = ["RunLog", "new_run_id"]
