"""What is said when a place is not found, or more than one is."""

from tao_prompts import Language
from tao_servers.weather.places.place import Place
from tao_servers.weather.sources.source import SourceError

__all__ = ["ambiguous", "around", "empty", "out_of_range", "too_long", "unknown"]

_LISTED = 5
_SHOWN = 60


def empty(text: str, language: Language) -> str:
    """The text has no letter and no digit."""
    if language == "zh":
        return f"没有写地名（{_short(text)}）。请给出城市名，例如“上海”，或“纬度,经度”，例如 31.2,121.5。"
    return (
        f"No place was named ({_short(text)}). Give a city, such as 'Oslo', or coordinates such as "
        "'31.2,121.5'."
    )


def too_long(text: str, language: Language) -> str:
    """No place has a name as long as this."""
    if language == "zh":
        return f"地名太长（{len(text)} 个字符）。请只写城市名，例如“上海”或“北京市朝阳区”。"
    return f"The place is too long ({len(text)} characters). Give the name of a city only, such as 'Oslo'."


def out_of_range(text: str, language: Language) -> str:
    """The numbers are no point on Earth."""
    if language == "zh":
        return (
            f"坐标 {_short(text)} 超出范围。请先写纬度（-90 到 90），再写经度（-180 到 180），"
            "例如 31.2,121.5。"
        )
    return (
        f"The coordinates {_short(text)} are out of range. Give the latitude (-90 to 90) first, then the "
        "longitude (-180 to 180), such as '31.2,121.5'."
    )


def ambiguous(text: str, places: list[Place], language: Language) -> str:
    """Several places bear the name, and none of them is much better known than the others."""
    listed = "; ".join(_pointed(place) for place in places[:_LISTED])
    first = places[0]
    more = len(places) - _LISTED
    if language == "zh":
        rest = f"；还有 {more} 个" if more > 0 else ""
        example = "".join((*reversed(first.path[:1]), first.name))
        return (
            f"叫 {_short(text)} 的地方有多个：{listed}{rest}。请写明是哪一个，例如“{example}”，"
            "或给出“纬度,经度”。"
        )
    rest = f"; and {more} more" if more > 0 else ""
    example = ", ".join((first.name, *first.path[:1]))
    return (
        f"There are several places named {_short(text)}: {listed}{rest}. Say which one, such as {example!r}, "
        "or give its 'latitude,longitude'."
    )


def around(text: str, place: Place, language: Language) -> str:
    """A place inside a city is not known, the city is."""
    if language == "zh":
        return f"没有找到 {_short(text)}，以下按 {place.label} 的位置给出。"
    return f"{_short(text)} was not found: the point of {place.label} stands for it."


def unknown(text: str, near: list[Place], failure: SourceError | None, language: Language) -> str:
    """Neither the table nor the geocoder knows the name."""
    names = "; ".join(dict.fromkeys(_pointed(place) for place in near))
    if language == "zh":
        hint = f"是不是：{names}？" if names else ""
        why = f"（本地地名表里没有；在线地名服务没有回答：{failure}）" if failure else ""
        return f"没有找到地点 {_short(text)}{why}。{hint}请换一个城市名，或给出“纬度,经度”，例如 31.2,121.5。"
    hint = f"Did you mean: {names}? " if names else ""
    why = f" in the built-in table, and the geocoder gave no answer ({failure})" if failure else ""
    return (
        f"No place named {_short(text)} was found{why}. {hint}Give another city, or its "
        "'latitude,longitude', such as 31.2,121.5."
    )


def _pointed(place: Place) -> str:
    return f"{place.label} ({place.latitude:g},{place.longitude:g})"


def _short(text: str) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: 2 * _SHOWN]).split())
    return repr(line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…")
