"""Finds a subject by one of its names, lists subjects, and keeps what is shown of them short."""

import json
from collections.abc import Iterable
from itertools import accumulate

from pydantic import BaseModel, Field

from tao_servers.chinese import name_key
from tao_servers.get_info.channels import find_channel, nearest_first
from tao_servers.get_info.errors import InfoError
from tao_servers.get_info.nearest import by_likeness
from tao_servers.get_info.profile import Entry
from tao_servers.get_info.profiles import Shelf, Subject

__all__ = ["Info", "Item", "Listed", "Subjects", "find_subject", "info_of", "list_of", "no_channel"]

_PAGE = 25
# Text and structure of one result stay under 8,000 characters, the names of what is left out included.
_ITEM_BUDGET = 6_500
_PAGE_BUDGET = 5_500
_ALIASES_LENGTH = 300
_NAMES_SHOWN = 20
_NAMES_LENGTH = 600
_NOTES_SHOWN = 5
# What people call the kinds of the documentation, beside their names in files.
_KINDS = {
    **dict.fromkeys(("人", "个人", "人员", "人物", "people", "persons"), "person"),
    **dict.fromkeys(("团队", "小组", "teams"), "team"),
    **dict.fromkeys(("产品", "商品", "products"), "product"),
    **dict.fromkeys(("组织", "机构", "organizations", "organisation", "organisations"), "organization"),
}


class Item(BaseModel):
    """One thing that is known."""

    name: str
    value: str


class Info(BaseModel):
    """What is known of one subject."""

    subject: str
    kind: str
    aliases: list[str] = Field(default_factory=list)
    items: list[Item]
    note: str | None = None


class Listed(BaseModel):
    """A subject that can be asked for."""

    subject: str
    kind: str


class Subjects(BaseModel):
    """One page of subjects."""

    subjects: list[Listed]
    total: int
    next_page: int | None = None
    note: str | None = None


def find_subject(shelf: Shelf, wanted: str) -> Subject:
    """The subject that `wanted` names.

    Raises:
        InfoError: it names none, or several.
    """
    exact = [subject for subject in shelf.subjects if subject.label.casefold() == wanted.strip().casefold()]
    key = name_key(wanted[:200])
    found = exact or [subject for subject in shelf.subjects if key and key in subject.keys]
    if len(found) == 1:
        return found[0]
    if found:
        names = _joined(subject.label for subject in found)
        raise InfoError(
            f"{wanted[:60]!r} 指的可能是：{names}。请用其中一个名称再查。"
            " (It can mean any of these; ask for one by this very name.)"
        )
    near = by_likeness(wanted, {s.label: (s.profile.name, *s.profile.aliases) for s in shelf.subjects})
    names = _joined(near[:5] or (subject.label for subject in shelf.subjects))
    raise InfoError(
        f"没有 {wanted[:60]!r} 的资料。{'最接近的' if near else '有'}：{names}。用 list_subjects 可查全部。"
        " (There is no such subject; the nearest are named. list_subjects finds all.)"
    )


def info_of(subject: Subject, channel: str | None) -> Info:
    """What is known of `subject`, or of one channel or fact of it.

    Raises:
        InfoError: there is no such channel.
    """
    profile = subject.profile
    shown, note = profile.entries, subject.note
    if channel and channel.strip():
        name = find_channel(profile, shown, channel)
        if name is None:
            raise InfoError(no_channel(channel, shown))
        shown = {name: shown[name]}
    aliases = _first(profile.aliases, 10, _ALIASES_LENGTH)
    beside = len("".join(aliases)) + 4 * len(aliases) + len(note or "")
    items, left = _within_budget(shown, spent=2 * beside)
    if left:
        note = f"{note + ' ' if note else ''}未显示 Not shown, ask by channel: {_joined(left)}"
    return Info(subject=subject.label, kind=profile.kind, aliases=aliases, items=items, note=note)


def no_channel(wanted: str, entries: dict[str, Entry]) -> str:
    """The error for a channel that there is not, with those that there are, the nearest first."""
    names = _joined(nearest_first(entries, wanted)) or "（无 none）"
    return (
        f"无效的渠道名称：{wanted[:60]!r}。请使用以下之一：{names}。"
        " (There is no such channel; use one of these.)"
    )


def list_of(shelf: Shelf, text: str | None, page: int) -> Subjects:
    """The subjects with `text` in a name, an alias or their kind, else those with a name like it.

    Raises:
        InfoError: there is no such page.
    """
    found, note = list(shelf.subjects), _notes(shelf.notes)
    key = name_key((text or "")[:200])
    if key:
        kind = _KINDS.get(key, key)
        found = [s for s in found if any(key in one for one in s.keys) or kind == name_key(s.profile.kind)]
    if (text or "").strip() and not (key and found):
        spelled = {s.label: (s.profile.name, *s.profile.aliases) for s in shelf.subjects}
        near = by_likeness(text or "", spelled)[:_PAGE]
        found = sorted((s for s in shelf.subjects if s.label in near), key=lambda s: near.index(s.label))
        seen = f"没有名称含 {(text or '')[:60]!r} 的"
        seen += "；这些相近。 (None has it; these are like it.)" if found else "。 (None has it.)"
        note = f"{seen} {note or ''}".strip()
    pages = _pages(found)
    if page > len(pages):
        raise InfoError(f"只有 {len(pages)} 页。 (There are only {len(pages)} pages.)")
    return Subjects(
        subjects=pages[page - 1],
        total=len(found),
        next_page=page + 1 if page < len(pages) else None,
        note=note,
    )


def _pages(found: Iterable[Subject]) -> list[list[Listed]]:
    """As many on each page as have room, at most `_PAGE`; one page at least."""
    pages, spent = [list[Listed]()], 0
    for subject in found:
        # Once as text, once as JSON.
        cost = 2 * (len(subject.label) + len(subject.profile.kind)) + 40
        if len(pages[-1]) == _PAGE or (pages[-1] and spent + cost > _PAGE_BUDGET):
            pages.append([])
            spent = 0
        pages[-1].append(Listed(subject=subject.label, kind=subject.profile.kind))
        spent += cost
    return pages


def _within_budget(entries: dict[str, Entry], *, spent: int) -> tuple[list[Item], list[str]]:
    """What has room beside the `spent` characters, and the names of the rest; the first always has."""
    items, left = list[Item](), list[str]()
    for name, entry in entries.items():
        # Once as text, once as JSON.
        cost = len(name) + len(entry.value) + len(json.dumps([name, entry.value], ensure_ascii=False)) + 20
        if items and spent + cost > _ITEM_BUDGET:
            left.append(name)
            continue
        spent += cost
        items.append(Item(name=name, value=entry.value))
    return items, left


def _joined(names: Iterable[str]) -> str:
    every = list(names)
    shown = _first(every, _NAMES_SHOWN, _NAMES_LENGTH)
    more = f"…… ({len(every)})" if len(every) > len(shown) else ""
    return "、".join(shown) + more


def _first(names: list[str], count: int, length: int) -> list[str]:
    """The first ones, together no longer than `length` characters."""
    lengths = list(accumulate(len(name) + 1 for name in names[:count]))
    return names[: sum(1 for end in lengths if end <= length)]


def _notes(notes: tuple[str, ...]) -> str | None:
    shown = [note if len(note) <= 200 else note[:199] + "…" for note in notes[:_NOTES_SHOWN]]
    if len(notes) > _NOTES_SHOWN:
        shown.append(f"…… ({len(notes)})")
    return "; ".join(shown) or None
