"""Results as readable text."""

from tao_servers.get_info.clock import Moment
from tao_servers.get_info.profiles import Subject
from tao_servers.get_info.subjects import Info, Item, Subjects

__all__ = ["info_text", "moment_text", "profile_text", "subjects_text"]


def info_text(info: Info) -> str:
    """One line for each thing that is known."""
    names = f" ({'、'.join(info.aliases)})" if info.aliases else ""
    lines = [f"{info.subject}{names} · {info.kind}", *(f"{item.name}: {item.value}" for item in info.items)]
    if not info.items and not info.note:
        lines.append("没有公开的资料。 Nothing public is known.")
    return "\n".join([*lines, *([info.note] if info.note else [])])


def profile_text(subject: Subject) -> str:
    """The whole public profile."""
    public = subject.profile.public()
    items = [Item(name=name, value=entry.value) for name, entry in public.entries.items()]
    return info_text(
        Info(subject=subject.label, kind=public.kind, aliases=public.aliases, items=items, note=subject.note)
    )


def subjects_text(listed: Subjects) -> str:
    """One line for each subject, then how many there are in all and how to see more."""
    lines = [f"{one.subject} · {one.kind}" for one in listed.subjects]
    lines.append(f"共 {listed.total} 个 ({listed.total} in all)")
    if listed.next_page:
        lines[-1] += f"；下一页 next: page={listed.next_page}"
    return "\n".join([*lines, *([listed.note] if listed.note else [])])


def moment_text(moment: Moment) -> str:
    """A few lines, in Chinese with English where the words are not the same in both."""
    festivals = f"，{'、'.join(moment.festivals)}" if moment.festivals else ""
    lines = [
        f"{moment.date} {moment.weekday} {moment.time}",
        f"{moment.place} · {moment.time_zone} (UTC{moment.utc_offset})",
        f"农历 lunar: {moment.lunar_date}{festivals}，生肖 {moment.zodiac}；{moment.ganzhi}",
        f"节气 solar term: {moment.solar_term}",
        f"公共假日 public holiday: {moment.public_holiday}",
    ]
    return "\n".join([*lines, *([moment.note] if moment.note else [])])
