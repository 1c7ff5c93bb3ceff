"""What the user says of an answer: good or bad, written behind the run in its log."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from tao.errors import ConfigError
from tao.runs.reading import open_log

__all__ = ["rate"]


def rate(folder: Path, run_id: str, good: bool) -> None:
    """Say whether the answer of a run was good; the last word counts.

    Raises:
        ConfigError: there is no such run, or its log cannot be written.
    """
    record = {"kind": "rated", "at": datetime.now(UTC).isoformat(), "good": good}
    line = json.dumps(record).encode() + b"\n"
    try:
        with open_log(folder, run_id, append=True) as file:
            # Behind a line that was cut, the record would be lost with it.
            if file.seek(0, os.SEEK_END) > 0:
                file.seek(-1, os.SEEK_END)
                line = line if file.read(1) == b"\n" else b"\n" + line
            file.write(line)
    except (OSError, ValueError) as exc:
        raise ConfigError(
            f"The run {run_id[:60]!r} cannot be rated: there is no log of it in {str(folder)!r} "
            f"that can be written ({exc})."
        ) from exc
