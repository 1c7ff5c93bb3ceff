import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

pytestmark = pytest.mark.real

_CHILD = """
import sys
from itertools import count
from pathlib import Path
import numpy as np
from tao.models.embeddings import CachedEmbedder

class Ones:
    name, dimension, max_tokens = "ones", 64, 512

    def embed(self, texts, *, kind="passage"):
        return np.full((len(texts), 64), 0.125, dtype=np.float32)

cached = CachedEmbedder(Ones(), Path(sys.argv[1]))
for number in count():
    cached.embed([f"{sys.argv[2]} {number} {place}" for place in range(20)])
    print(number, flush=True)
"""


def test_processes_that_are_killed_leave_whole_batches(tmp_path: Path) -> None:
    done: list[int] = []
    for start in range(4):
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", _CHILD, str(tmp_path), f"{start} {one}"],
                stdout=subprocess.PIPE,
                encoding="utf-8",
            )
            for one in range(2)
        ]
        for writer in writers:
            assert writer.stdout is not None
            for _ in range(3 + start):
                last = writer.stdout.readline()
            writer.kill()
            rest = writer.stdout.read().splitlines()
            writer.wait(30)
            writer.stdout.close()
            done.append(int(rest[-1] if rest else last) + 1)
    (path,) = tmp_path.glob("*.sqlite")
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        (rows,) = database.execute("SELECT count(*) FROM vectors").fetchone()
    assert rows % 20 == 0
    # What was told as done is there, and of what was begun at the kill perhaps one batch of each.
    assert 20 * sum(done) <= rows <= 20 * (sum(done) + len(done))
    assert list(tmp_path.glob("*.damaged")) == []
