"""What a Word document's styles and numbers say: which paragraphs are headings, and how they are counted."""

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from tao_servers.knowledge.loading.markup import attribute, local

__all__ = ["Numbers", "Style", "Styles", "child", "value"]

_HEADING = re.compile(r"(?:heading|标题|標題)\s*(\d)", re.IGNORECASE)
_TITLES = {"title", "标题", "標題"}
_DEEPEST = 20
_DIGITS = "〇一二三四五六七八九"
_HEAVENLY = "甲乙丙丁戊己庚辛壬癸"
_ROMAN = ((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))


def child(node: Any, *path: str) -> Any:
    """Return the first child by its names without namespace; None: there is none."""
    for name in path:
        if node is None:
            return None
        node = next((part for part in node if local(part) == name), None)
    return node


def value(node: Any, *path: str) -> str | None:
    """Return the attribute `val` of the child at `path`."""
    found = child(node, *path)
    return None if found is None else attribute(found, "val")


@dataclass(frozen=True, slots=True)
class Style:
    """A heading's level, 0 for none; whether it is the document's title; the list that it counts in."""

    level: int = 0
    is_title: bool = False
    number: tuple[str, int] | None = None


class Styles:
    """The paragraph styles of a document, by id."""

    def __init__(self, root: Any) -> None:
        self._nodes: dict[str, Any] = {}
        for node in root if root is not None else ():
            if local(node) == "style":
                self._nodes[attribute(node, "styleId") or ""] = node

    def of(self, paragraph: Any) -> Style:
        """Say what a paragraph is, by its own properties first and then by those of its styles."""
        properties = child(paragraph, "pPr")
        chain = [] if properties is None else [properties]
        is_title, named = False, 0
        style = value(properties, "pStyle")
        for _ in range(_DEEPEST):
            node = self._nodes.get(style or "")
            if node is None:
                break
            name = (value(node, "name") or "").strip()
            is_title = is_title or name.lower() in _TITLES
            match = _HEADING.fullmatch(name)
            named = named or (int(match.group(1)) if match else 0)
            if (inner := child(node, "pPr")) is not None:
                chain.append(inner)
            style = value(node, "basedOn")
        return Style(1 if is_title else _outline(chain) or named, is_title, _number(chain))


def _outline(chain: list[Any]) -> int:
    for properties in chain:
        text = value(properties, "outlineLvl")
        if text is not None and text.isdigit():
            # 9 is Word's way to say: body text.
            return int(text) + 1 if int(text) < 9 else 0
    return 0


def _number(chain: list[Any]) -> tuple[str, int] | None:
    """The list and the level: a style often names the list, and the paragraph the level alone."""
    identity = next((found for one in chain if (found := value(one, "numPr", "numId")) is not None), None)
    level = next((found for one in chain if (found := value(one, "numPr", "ilvl")) is not None), "0")
    if identity is None or identity == "0" or not level.isdigit():
        return None
    return identity, int(level)


class Numbers:
    """Counts numbered paragraphs, as Word does when it shows them: 第三条, 2.1, (a)."""

    def __init__(self, root: Any) -> None:
        levels: dict[str, dict[int, Any]] = {}
        self._lists: dict[str, tuple[str, dict[int, Any]]] = {}
        self._counts: dict[str, dict[int, int]] = defaultdict(dict)
        self._restarts: dict[tuple[str, int], int] = {}
        for node in root if root is not None else ():
            if local(node) == "abstractNum":
                levels[attribute(node, "abstractNumId") or ""] = _levels(node)
            elif local(node) == "num":
                self._list(attribute(node, "numId") or "", node, levels)

    def _list(self, identity: str, node: Any, levels: dict[str, dict[int, Any]]) -> None:
        """A list goes on with the numbers of others of its kind, unless it says where it begins anew."""
        abstract = value(node, "abstractNumId") or ""
        overrides = [part for part in node if local(part) == "lvlOverride"]
        own = {at: found for part in overrides for at, found in _levels(part).items()}
        self._lists[identity] = abstract, {**levels.get(abstract, {}), **own}
        for part in overrides:
            level, start = attribute(part, "ilvl") or "", value(part, "startOverride") or ""
            if level.isdigit() and start.isdigit():
                self._restarts[identity, int(level)] = int(start)

    def next(self, number: tuple[str, int]) -> str:
        """Count on and return the number as it is shown; empty for bullets."""
        identity, level = number
        abstract, levels = self._lists.get(identity, ("", {}))
        if level not in levels:
            return ""
        counts = self._counts[abstract]
        following = counts[level] + 1 if level in counts else _start(levels[level])
        counts[level] = self._restarts.pop(number, following)
        for deeper in [at for at in counts if at > level]:
            del counts[deeper]
        if (value(levels[level], "numFmt") or "decimal") in {"bullet", "none"}:
            return ""

        def shown(match: re.Match[str]) -> str:
            at = int(match.group(1)) - 1
            node = levels.get(at)
            count = counts.get(at, 1 if node is None else _start(node))
            return _format(count, "decimal" if node is None else value(node, "numFmt") or "decimal")

        return re.sub(r"%(\d)", shown, value(levels[level], "lvlText") or "")


def _levels(abstract: Any) -> dict[int, Any]:
    return {int(attribute(node, "ilvl") or 0): node for node in abstract if local(node) == "lvl"}


def _start(level: Any) -> int:
    text = value(level, "start") or "1"
    return int(text) if text.isdigit() else 1


def _format(count: int, form: str) -> str:
    if form.endswith("Letter") and count > 0:
        letter = chr(ord("a") + (count - 1) % 26) * ((count - 1) // 26 + 1)
        return letter.upper() if form.startswith("upper") else letter
    if form.endswith("Roman") and 0 < count < 40:
        return _roman(count).upper() if form.startswith("upper") else _roman(count)
    if form in {"chineseCounting", "chineseCountingThousand", "japaneseCounting", "taiwaneseCounting"}:
        return _chinese(count)
    if form == "ideographTraditional" and 0 < count <= len(_HEAVENLY):
        return _HEAVENLY[count - 1]
    return f"{count:02}" if form == "decimalZero" else str(count)


def _roman(count: int) -> str:
    text = ""
    for worth, letters in _ROMAN:
        text += letters * (count // worth)
        count %= worth
    return text


def _chinese(count: int) -> str:
    if count < 10:
        return _DIGITS[count]
    if count >= 1000:
        return "".join(_DIGITS[int(digit)] for digit in str(count))
    hundreds, tens, ones = count // 100, count // 10 % 10, count % 10
    text = f"{_DIGITS[hundreds]}百" if hundreds else ""
    if tens:
        text += "十" if tens == 1 and not hundreds else f"{_DIGITS[tens]}十"
    elif hundreds and ones:
        text += "〇"
    return text + (_DIGITS[ones] if ones else "")
