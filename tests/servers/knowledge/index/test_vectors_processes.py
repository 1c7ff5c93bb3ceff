"""Readers in other processes, while a writer adds and deletes vectors in the same folder."""

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

pytestmark = pytest.mark.real

_WRITER = """
import sys
from pathlib import Path
import numpy as np
from tao_servers.knowledge.index.vectors import open_chroma
rows = np.random.default_rng(0).normal(size=(200, 64)).astype(np.float32)
with open_chroma(Path(sys.argv[1]), "shared", write=True) as vectors:
    vectors.add(range(200), [0] * 200, rows)
    print("ready", flush=True)
    for n in range(1, 25):
        vectors.add(range(200 * n, 200 * n + 200), [n] * 200, rows + n)
        vectors.delete(range(200 * n, 200 * n + 20))
    vectors.add([0], [0], rows[:1] - 9)
"""
_READER = """
import sys
from pathlib import Path
import numpy as np
from tao_servers.knowledge.index.vectors import open_chroma
query, last = np.ones(64, dtype=np.float32), 25 * 200 - 24 * 20
seen = 0
while seen < last:
    with open_chroma(Path(sys.argv[1]), "shared", write=False) as vectors:
        for _ in range(5):
            assert len(vectors.nearest(query, 10)) == 10
        seen = vectors.count()
"""


def test_readers_never_fail_while_another_process_writes(tmp_path: Path) -> None:
    with ExitStack() as stack:

        def started(script: str) -> subprocess.Popen[str]:
            command = [sys.executable, "-c", script, str(tmp_path)]
            child = stack.enter_context(
                subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            )
            stack.callback(child.kill)
            return child

        writer = started(_WRITER)
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        children = [writer, started(_READER), started(_READER)]
        for child in children:
            assert (child.communicate(timeout=240)[1], child.returncode) == ("", 0)
