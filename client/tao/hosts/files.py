"""Reads a host's file, and replaces it whole or not at all, with a backup beside it."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from tao.errors import ConfigError

__all__ = ["read_text", "replace_text"]

_MOST_BYTES = 8_000_000


def read_text(path: Path) -> str:
    """The text of the file; "" when it is not there.

    Raises:
        ConfigError: it cannot be read, is no UTF-8 or is far too large for a configuration.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        return ""
    except OSError as exc:
        raise ConfigError(f"{path} cannot be read: {exc.strerror or exc}.") from exc
    if len(raw) > _MOST_BYTES:
        raise ConfigError(f"{path} is larger than {_MOST_BYTES // 1_000_000} MB: that is no configuration.")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as exc:
        line = raw.count(b"\n", 0, exc.start) + 1
        raise ConfigError(f"{path}, line {line}: this is not UTF-8 text. It is left as it is.") from exc


def replace_text(path: Path, text: str) -> Path | None:
    """Put `text` in the place of the file's content and return the backup; None when there was no file.

    A link stays a link: what it points to is replaced. The file's mode is kept.

    Raises:
        ConfigError: the folder or the file cannot be written.
    """
    path = path.resolve()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else None
        backup = _back_up(path) if mode is not None else None
        fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
        try:
            # Never more open than the file that it replaces, not even for a moment.
            _create(fresh, text.encode("utf-8"), 0o666 if mode is None else 0o600)
            if mode is not None:
                fresh.chmod(mode)
            os.replace(fresh, path)
        finally:
            with suppress(FileNotFoundError):
                fresh.unlink()
    except OSError as exc:
        raise ConfigError(f"{path} cannot be written: {exc.strerror or exc}.") from exc
    return backup


def _back_up(path: Path) -> Path:
    """A copy of the file under the first free name, or the copy of the same content that is there."""
    content = path.read_bytes()
    mode = stat.S_IMODE(path.stat().st_mode)
    number = 0
    while True:
        number += 1
        backup = path.with_name(f"{path.name}.bak" if number == 1 else f"{path.name}.bak.{number}")
        try:
            _create(backup, content, mode)
        except FileExistsError:
            if backup.is_file() and backup.read_bytes() == content:
                return backup
            continue
        return backup


def _create(path: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
