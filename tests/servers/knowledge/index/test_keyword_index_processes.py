"""Each test starts processes of its own; a writer says on its stdout what it has committed."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tao_servers.knowledge.index.words import open_words

pytestmark = pytest.mark.real

_WRITER = """
import sys
from pathlib import Path
from tao_servers.knowledge.index.words import open_words
folder, rounds = Path(sys.argv[1]), int(sys.argv[2])
with open_words(folder, write=True) as words:
    begun = words.count() // 100
    for n in range(begun, begun + rounds):
        words.add((n * 100 + k, n, f"皮鞋 line {n} {k}") for k in range(100))
        if n % 3 == 2:
            words.delete_documents([n - 1])
            words.add(((n - 1) * 100 + k, n - 1, f"皮鞋 again {n} {k}") for k in range(100))
        words.commit()
        print(n, flush=True)
"""
_READER = """
import sys
from pathlib import Path
from tao_servers.knowledge.index.words import open_words
seen = 0
with open_words(Path(sys.argv[1]), write=False) as words:
    print("reading", flush=True)
    while words.count() < int(sys.argv[2]):
        words.refresh()
        assert words.count() % 100 == 0 and words.count() >= seen
        seen = words.count()
        assert len(words.search("皮鞋", 50)) == 50
        with open_words(Path(sys.argv[1]), write=False) as other:
            assert len(set(other.ids())) == other.count() >= seen
"""


@contextmanager
def process(script: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """A Python process that is killed at the end, if it is still there."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        try:
            yield child
        finally:
            child.kill()


def line_of(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def test_readers_in_other_processes_never_fail_while_a_writer_commits_and_merges(tmp_path: Path) -> None:
    with process(_WRITER, tmp_path, 1) as writer:
        assert writer.wait(60) == 0
    with process(_READER, tmp_path, 4_000) as one, process(_READER, tmp_path, 4_000) as other:
        assert [line_of(one), line_of(other)] == ["reading", "reading"]
        with process(_WRITER, tmp_path, 39) as writer:
            assert (writer.communicate(timeout=120)[1], writer.returncode) == ("", 0)
        for reader in (one, other):
            assert (reader.communicate(timeout=60)[1], reader.returncode) == ("", 0)


def test_a_writer_killed_at_any_moment_leaves_its_last_commit_and_blocks_nobody(tmp_path: Path) -> None:
    for kills in range(8):
        with process(_WRITER, tmp_path, 1_000) as writer:
            committed = [line_of(writer) for _ in range(1 + kills % 3)][-1]
            writer.kill()
            assert writer.wait(30) != 0
        with open_words(tmp_path, write=True) as words:
            ids = list(words.ids())
            assert len(ids) == len(set(ids)) == words.count()
            assert len(ids) % 100 == 0
            assert len(ids) >= 100 * (int(committed) + 1)
            assert len(words.search("皮鞋", 50)) == 50
