"""Keeps the profiles of a folder as they are now: changed files are read again, broken ones named."""

import logging
import os
import stat
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from tao_servers.chinese import name_key
from tao_servers.get_info.formats import SUFFIXES
from tao_servers.get_info.profile import Profile, ProfileError, load_profile, one_line, read_profiles

__all__ = ["Profiles", "Shelf", "Subject"]

_MAX_FILES = 10_000
# Longer than the coarsest clock of a file system: a file written a moment ago may be written again without
# a new time, so it counts as changed until it has been left alone for this long.
_SETTLED_NANOSECONDS = 2_000_000_000

_log = logging.getLogger("tao_servers.get_info")
_Signature = tuple[int, ...]


@dataclass(frozen=True)
class Subject:
    """A profile, under the name that tells it from others: with its file where two have one name."""

    label: str
    profile: Profile
    note: str | None = None

    @cached_property
    def keys(self) -> frozenset[str]:
        """Its label, name and aliases, made comparable."""
        return frozenset(map(name_key, (self.label, self.profile.name, *self.profile.aliases)))


@dataclass(frozen=True)
class Shelf:
    """All subjects at one moment, the own one first, and what a reader must know of the files."""

    own: Profile
    subjects: tuple[Subject, ...]
    notes: tuple[str, ...] = ()


@dataclass
class _File:
    """What was last read of one file; of a broken one, what it held before it broke."""

    profiles: list[Profile] = field(default_factory=list)
    signature: _Signature | None = None
    problem: str | None = None


class Profiles:
    """The own profile, read again from `path` when that is given, and those of `folder`."""

    def __init__(
        self, own: Profile, *, path: Path | None = None, folder: Path | None = None, private: bool = False
    ) -> None:
        self._own = path or Path("profile")
        self._reads_own = path is not None
        self._folder = folder
        self._private = private
        self._files = {self._own: _File([own])}
        self._folder_problem: str | None = None
        self._lock = threading.Lock()
        self._shelf: Shelf | None = None

    def read(self) -> Shelf:
        """Look at each file, read the changed ones, and give what there is. Blocks on the disk."""
        with self._lock:
            changed = self._reads_own and self._refresh(self._own, self._load_own)
            changed |= self._folder is not None and self._refresh_folder(self._folder)
            if changed or self._shelf is None:
                self._shelf = self._assembled()
            return self._shelf

    def _load_own(self, path: Path) -> list[Profile]:
        return [load_profile(path, private=self._private)]

    def _load(self, path: Path) -> list[Profile]:
        return read_profiles(path, private=self._private)

    def _refresh_folder(self, folder: Path) -> bool:
        problem = None
        changed = False
        try:
            with os.scandir(folder) as entries:
                names = sorted(e.name for e in entries if Path(e.name).suffix.lower() in SUFFIXES)
        except OSError as exc:
            # A drive that is gone for a moment has lost no subject.
            problem = f"{folder.name}: the folder cannot be listed ({exc.strerror or exc})"
        else:
            if len(names) > _MAX_FILES:
                problem = f"{folder.name}: of its {len(names):,} files only {_MAX_FILES:,} are read"
            paths = [folder / name for name in names[:_MAX_FILES] if not name.startswith(".")]
            paths = [path for path in paths if not self._is_own(path)]
            for gone in self._files.keys() - {self._own, *paths}:
                del self._files[gone]
                changed = True
            for path in paths:
                changed |= self._refresh(path, self._load)
        changed |= problem != self._folder_problem
        self._folder_problem = problem
        return changed

    def _is_own(self, path: Path) -> bool:
        try:
            return self._reads_own and path.name == self._own.name and path.samefile(self._own)
        except OSError:
            return False

    def _refresh(self, path: Path, load: Callable[[Path], list[Profile]]) -> bool:
        """Read a file that is not as it was; whether that has changed anything."""
        file = self._files.setdefault(path, _File())
        signature = _signature(path)
        if signature is not None and signature == file.signature:
            return False
        before = (file.profiles, file.problem)
        try:
            if path != self._own:
                _refuse_strangers(path)
            file.profiles, file.problem = load(path), None
        except ProfileError as exc:
            file.problem = f"{exc.where}: {exc.reason}"
        file.signature = signature
        if file.problem and file.problem != before[1]:
            _log.warning("A profile cannot be used: %s", file.problem)
        return before != (file.profiles, file.problem)

    def _assembled(self) -> Shelf:
        found = [(path, file, profile) for path, file in self._files.items() for profile in file.profiles]
        found.sort(key=lambda one: (one[0] != self._own, one[0].name))
        times = Counter(profile.name.casefold() for _, _, profile in found)
        subjects = [
            Subject(
                profile.name
                if times[profile.name.casefold()] == 1
                else f"{profile.name} ({one_line(path.name)})",
                profile,
                f"From the last good version; the file is broken now: {file.problem}"
                if file.problem
                else None,
            )
            for path, file, profile in found
        ]
        return Shelf(
            self._files[self._own].profiles[0], tuple(_told_apart(subjects)), tuple(self._notes(found))
        )

    def _notes(self, found: list[tuple[Path, _File, Profile]]) -> list[str]:
        notes = [self._folder_problem] if self._folder_problem else []
        for _, file in sorted(self._files.items()):
            if file.problem:
                notes.append(file.problem + (" (its last good version is used)" if file.profiles else ""))
        files: dict[str, list[str]] = {}
        for path, _, profile in found:
            files.setdefault(profile.name.casefold(), []).append(one_line(path.name))
        return notes + [
            f"{name!r} is in {', '.join(paths)}" for name, paths in files.items() if len(paths) > 1
        ]


def _told_apart(subjects: list[Subject]) -> list[Subject]:
    """Cards of one file and one name get numbers."""
    seen: Counter[str] = Counter()
    apart = []
    for subject in subjects:
        seen[subject.label] += 1
        number = seen[subject.label]
        label = subject.label if number == 1 else f"{subject.label} {number}"
        apart.append(Subject(label, subject.profile, subject.note))
    return apart


def _signature(path: Path) -> _Signature | None:
    """What changes whenever the file does; None while it cannot be told."""
    try:
        status = path.stat()
    except OSError:
        return None
    newest = max(status.st_mtime_ns, status.st_ctime_ns)
    if time.time_ns() - newest < _SETTLED_NANOSECONDS:
        return None
    return (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)


def _refuse_strangers(path: Path) -> None:
    """Only plain files of this folder are read.

    Raises:
        ProfileError: it is something else, such as a pipe, or a link that leads out.
    """
    try:
        if not path.resolve(strict=True).is_relative_to(path.parent.resolve()):
            raise ProfileError(path, "it is a link out of the folder, which is not followed")
        if not stat.S_ISREG(path.stat().st_mode):
            raise ProfileError(path, "it is no plain file")
    except OSError as exc:
        raise ProfileError(path, f"it cannot be read ({exc.strerror or exc})") from exc
