"""Which server lists of other folders the user has allowed to start programs, in the way of direnv."""

import hashlib
import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Literal

from tao.errors import ConfigError

__all__ = ["ApprovedLists", "UnapprovedListError", "digest_of"]


class UnapprovedListError(ConfigError):
    """A server list was found that the user has not approved, or that has changed since."""

    def __init__(self, path: Path, *, changed: bool) -> None:
        what = "has changed since it was approved" if changed else "has not been approved"
        super().__init__(
            f"The server list {str(path)!r} in the current folder {what}, and it starts programs. Look at it "
            f"and approve it with: agent allow {path} (or name it: --config {path})."
        )
        self.path = path


class ApprovedLists:
    """Approvals by real path and content, in one file of `folder` that its owner alone can read."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "approved_lists.json"

    def state(self, path: Path) -> Literal["approved", "changed", "unknown", "gone"]:
        """Whether the list may be used as it is now."""
        known = self._read().get(os.path.realpath(path))
        if known is None:
            return "unknown"
        try:
            return "approved" if digest_of(path) == known else "changed"
        except ConfigError:
            return "gone"

    def check(self, path: Path) -> None:
        """Raise `UnapprovedListError` unless the list is approved with its present content."""
        state = self.state(path)
        if state != "approved":
            raise UnapprovedListError(path, changed=state == "changed")

    def approve(self, path: Path, digest: str) -> None:
        """Remember that the content with this digest may be used at this path.

        Raises:
            ConfigError: the state folder cannot be written.
        """
        self._write({**self._read(), os.path.realpath(path): digest})

    def revoke(self, path: Path) -> bool:
        """Forget the approval; False when there was none."""
        lists = self._read()
        if lists.pop(os.path.realpath(path), None) is None:
            return False
        self._write(lists)
        return True

    def paths(self) -> list[Path]:
        """The approved lists, sorted."""
        return [Path(path) for path in sorted(self._read())]

    def _read(self) -> dict[str, str]:
        """What is remembered; a damaged file counts as nothing, so that its lists are asked about again."""
        try:
            value = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        lists = value.get("lists") if isinstance(value, dict) else None
        if not isinstance(lists, dict):
            return {}
        return {path: digest for path, digest in lists.items() if isinstance(digest, str)}

    def _write(self, lists: dict[str, str]) -> None:
        folder = self._file.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
            # mkstemp makes it with mode 0600, which the replaced file then has.
            descriptor, fresh = tempfile.mkstemp(dir=folder)
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    json.dump({"lists": lists}, file, ensure_ascii=True, indent=1)
                os.replace(fresh, self._file)
            except BaseException:
                with suppress(FileNotFoundError):
                    os.unlink(fresh)
                raise
        except OSError as exc:
            raise ConfigError(
                f"The approval cannot be kept in {str(folder)!r}: {exc.strerror or exc}. Name the list "
                "instead: --config PATH."
            ) from exc


def digest_of(path: Path) -> str:
    """The SHA-256 of the list's content.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as exc:
        raise ConfigError(f"The server list {str(path)!r} cannot be read: {exc.strerror or exc}.") from exc
