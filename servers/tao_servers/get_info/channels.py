"""Finds the channel that is meant, however it is spelled."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tao_servers.chinese import name_key
from tao_servers.get_info.nearest import by_likeness
from tao_servers.get_info.profile import Entry, Profile

__all__ = ["find_channel", "nearest_first"]

_LONGEST = 200


@dataclass(frozen=True, slots=True)
class _Spellings:
    groups: tuple[tuple[str, ...], ...]
    endings: tuple[str, ...]
    beginnings: tuple[str, ...]
    words: frozenset[str]


def find_channel(profile: Profile, entries: Mapping[str, Entry], wanted: str) -> str | None:
    """The name of the entry that `wanted` means; None when it means none, also where one is only alike."""
    if len(wanted) > _LONGEST:
        return None
    own = {name_key(alias): name for name, entry in entries.items() for alias in entry.aliases}
    own |= {name_key(name): name for name in entries}
    for key in _shortened(profile, wanted):
        if key in own:
            return own[key]
        for group in _spellings().groups:
            if key in group and (found := next((own[other] for other in group if other in own), None)):
                return found
    return None


def nearest_first(entries: Mapping[str, Entry], wanted: str) -> list[str]:
    """The names of `entries`, those most alike to `wanted` first, the rest in their order."""
    spelled = {name: _all_names(name, entry.aliases) for name, entry in entries.items()}
    near = by_likeness(wanted, spelled)
    return [*near, *(name for name in entries if name not in near)]


def _shortened(profile: Profile, wanted: str) -> Iterator[str]:
    """The key of `wanted`, then of what is left when words that say nothing are taken off, one by one."""
    spellings = _spellings()
    key = name_key("".join(word for word in wanted.split() if word.casefold() not in spellings.words))
    owners = [name_key(name) for name in (profile.name, *profile.aliases)]
    beginnings = [*(f"{owner}s" for owner in owners), *owners, *spellings.beginnings]
    while key:
        yield key
        shorter = next((key.removeprefix(start) for start in beginnings if key.startswith(start)), key)
        if shorter == key:
            shorter = next((key.removesuffix(end) for end in spellings.endings if key.endswith(end)), key)
        if shorter == key:
            return
        key = shorter


def _all_names(name: str, aliases: Sequence[str]) -> list[str]:
    key = name_key(name)
    return [key, *aliases, *(other for group in _spellings().groups if key in group for other in group)]


@cache
def _spellings() -> _Spellings:
    text = Path(__file__).with_name("channels.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    return _Spellings(
        groups=tuple(tuple(map(name_key, group)) for group in data["groups"]),
        # The longest first: 用户名 ends with nothing else that may be taken off.
        endings=tuple(sorted(map(name_key, data["endings"]), key=len, reverse=True)),
        beginnings=tuple(map(name_key, data["beginnings"])),
        words=frozenset(data["words"]),
    )
