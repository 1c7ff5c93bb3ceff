"""Finds a subject by one of its names, lists subjects, and keeps what is shown of them short."""

import json
from collections.abc import Iterable

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
_NAMES_SHOWN = 20
_NOTES_SHOWN = 5


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
    items, left = _within_budget(shown)
    if left:
        note = f"{note + ' ' if note else ''}未显示 Not shown, ask by channel: {_joined(left)}"
    return Info(
        subject=subject.label, kind=profile.kind, aliases=profile.aliases[:10], items=items, note=note
    )


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
        found = [s for s in found if any(key in one for one in s.keys) or key == name_key(s.profile.kind)]
    if (text or "").strip() and not (key and found):
        spelled = {s.label: (s.profile.name, *s.profile.aliases) for s in shelf.subjects}
        near = by_likeness(text or "", spelled)[:_PAGE]
        found = sorted((s for s in shelf.subjects if s.label in near), key=lambda s: near.index(s.label))
        seen = f"没有名称含 {(text or '')[:60]!r} 的；这些相近。 (None has it; these are like it.)"
        note = f"{seen} {note or ''}".strip()
    pages = max(1, -(-len(found) // _PAGE))
    if page > pages:
        raise InfoError(f"只有 {pages} 页。 (There are only {pages} pages.)")
    shown = found[(page - 1) * _PAGE : page * _PAGE]
    return Subjects(
        subjects=[Listed(subject=subject.label, kind=subject.profile.kind) for subject in shown],
        total=len(found),
        next_page=page + 1 if page < pages else None,
        note=note,
    )


def _within_budget(entries: dict[str, Entry]) -> tuple[list[Item], list[str]]:
    items, left = list[Item](), list[str]()
    spent = 0
    for name, entry in entries.items():
        # Once as text, once as JSON.
        cost = len(name) + len(entry.value) + len(json.dumps([name, entry.value], ensure_ascii=False)) + 20
        if spent + cost > _ITEM_BUDGET:
            left.append(name)
            continue
        spent += cost
        items.append(Item(name=name, value=entry.value))
    return items, left


def _joined(names: Iterable[str]) -> str:
    every = list(names)
    more = f"…… ({len(every)})" if len(every) > _NAMES_SHOWN else ""
    return "、".join(every[:_NAMES_SHOWN]) + more


def _notes(notes: tuple[str, ...]) -> str | None:
    shown = [note if len(note) <= 200 else note[:199] + "…" for note in notes[:_NOTES_SHOWN]]
    if len(notes) > _NOTES_SHOWN:
        shown.append(f"…… ({len(notes)})")
    return "; ".join(shown) or None
