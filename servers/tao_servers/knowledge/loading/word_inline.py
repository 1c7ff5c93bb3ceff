"""The text inside a paragraph of Word: runs, links, tracked changes, equations."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tao_servers.knowledge.loading.markup import attribute, local
from tao_servers.knowledge.loading.word_styles import child

__all__ = ["Paragraph", "chosen", "paragraph_text"]

# Deleted text and text that has moved away, codes of fields, and properties.
_LEFT_OUT = {"del", "moveFrom", "delText", "delInstrText", "instrText", "pPr", "rPr", "txbxContent", "sdtPr"}
_CHARACTERS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": "\t"}
_NOTES = {"footnoteReference": "footnotes", "endnoteReference": "endnotes", "commentReference": "comments"}
_DRAWN = {"drawing", "pict", "object"}
_JOINTS = {"f": "/", "sSup": "^", "sSub": "_"}


@dataclass(slots=True)
class Paragraph:
    """What a paragraph holds: its text, notes as (part, id), text boxes and drawings."""

    text: str = ""
    notes: list[tuple[str, str]] = field(default_factory=list)
    boxes: list[Any] = field(default_factory=list)
    drawings: list[Any] = field(default_factory=list)


def paragraph_text(node: Any) -> Paragraph:
    """Read a paragraph."""
    found = Paragraph()
    found.text = "".join(_pieces(node, found))
    return found


def chosen(node: Any) -> Any:
    """Return the one of the alternatives of mc:AlternateContent that is read: never both of them."""
    choice, fallback = child(node, "Choice"), child(node, "Fallback")
    return fallback if choice is None else choice


def _pieces(node: Any, found: Paragraph) -> Iterator[str]:
    for part in node:
        name = local(part)
        if name in _LEFT_OUT:
            continue
        if name == "t":
            yield part.text or ""
        elif name in _CHARACTERS:
            yield _CHARACTERS[name]
        elif name == "sym":
            yield _symbol(part)
        elif name in _NOTES:
            found.notes.append((_NOTES[name], attribute(part, "id") or ""))
        elif name in _DRAWN:
            _drawn(part, found)
        else:
            yield from _inside(name, part, found)


def _inside(name: str, part: Any, found: Paragraph) -> Iterator[str]:
    if name == "AlternateContent":
        selected = chosen(part)
        if selected is not None:
            yield from _pieces(selected, found)
    elif name in _JOINTS:
        # A fraction's or a power's two halves would otherwise read as one number.
        halves = ["".join(_pieces(half, found)) for half in part if not local(half).endswith("Pr")]
        yield _JOINTS[name].join(half if len(half) == 1 or half.isalnum() else f"({half})" for half in halves)
    elif name == "rt":
        yield f"({''.join(_pieces(part, found))})"
    else:
        yield from _pieces(part, found)


def _drawn(node: Any, found: Paragraph) -> None:
    found.drawings.append(node)
    found.boxes.extend(part for part in node.iter() if local(part) == "txbxContent")


def _symbol(node: Any) -> str:
    code = int(attribute(node, "char") or "0", 16)
    # Symbol fonts put their characters into the private area, where they say nothing.
    return chr(code) if 0 < code < 0xD800 else ""
