"""Reads vCards (RFC 2426, RFC 6350, and the 2.1 of many telephones) into the tables of profiles.

Who is in an address book was not asked whether a model may read it: telephone, e-mail and note of a card
are private, what a business card is for (organisation, title, pages) is not. Everything else is left out.
"""

import quopri
import re
from collections.abc import Iterator
from typing import Any

__all__ = ["MAX_VALUE", "CardError", "read_cards"]

MAX_VALUE = 2_000

_LINE = re.compile(r'(?:[\w-]+\.)?([\w-]+)((?:;(?:[^":;]|"[^"]*")*)*):(.*)', re.DOTALL)
_UNESCAPED_SEMICOLON = re.compile(r"(?<!\\);")
_CHANNELS = {"TEL": "phone", "EMAIL": "email", "URL": "website", "IMPP": "chat"}
_FIELDS = {"ORG": "organization", "TITLE": "title", "ROLE": "role", "NOTE": "note"}
_PRIVATE = {"TEL", "EMAIL", "IMPP", "NOTE"}
_SOCIAL = {"X-SOCIALPROFILE", "SOCIALPROFILE"}
_KINDS = {"org": "organization", "group": "team"}


class CardError(ValueError):
    """The text is no vCard, or not all of it; `line` counts from 1."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(reason)
        self.line = line


def read_cards(text: str) -> Iterator[dict[str, Any]]:
    """Each card as a table with name, kind, aliases, channels and fields.

    Raises:
        CardError: a line or a card is not of the form, or the last card has no end.
    """
    card: dict[str, Any] | None = None
    begun = last = 1
    for last, line in _unfolded(text):
        matched = _LINE.fullmatch(line)
        if matched is None:
            raise CardError("it is no 'NAME:value'", last)
        name, parameters = matched[1].upper(), _parameters(matched[2])
        value = _decoded(matched[3], parameters, last)
        if (name, value.strip().upper()) == ("BEGIN", "VCARD"):
            if card is not None:
                raise CardError("the card before has no END:VCARD", last)
            card, begun = {"aliases": [], "channels": {}, "fields": {}}, last
        elif card is None:
            raise CardError("there is no BEGIN:VCARD before this", last)
        elif (name, value.strip().upper()) == ("END", "VCARD"):
            yield _named(card, begun)
            card = None
        else:
            _take(card, name, parameters, value)
    if card is not None:
        raise CardError("the card that begins here has no END:VCARD", begun)


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """Lines with their continuations: after a blank at the start, or after `=` in quoted-printable."""
    number, parts, quoted = 1, list[str](), False
    for count, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        soft = quoted and parts[-1].endswith("=")
        if soft:
            parts[-1] = parts[-1][:-1]
        if parts and (soft or line[:1] in (" ", "\t")):
            parts.append(line if soft else line[1:])
            continue
        if "".join(parts).strip():
            yield number, "".join(parts)
        number, parts = count, [line]
        quoted = "QUOTED-PRINTABLE" in line.partition(":")[0].upper()
    if "".join(parts).strip():
        yield number, "".join(parts)


def _parameters(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in re.findall(r';((?:[^":;]|"[^"]*")*)', text):
        name, equals, value = part.partition("=")
        # In 2.1 a value can stand without its name: `;QUOTED-PRINTABLE`.
        key = name.upper() if equals else "ENCODING" if name.upper() == "QUOTED-PRINTABLE" else "TYPE"
        found.setdefault(key, (value if equals else name).strip('"'))
    return found


def _decoded(value: str, parameters: dict[str, str], line: int) -> str:
    if parameters.get("ENCODING", "").upper() != "QUOTED-PRINTABLE":
        return value
    charset = parameters.get("CHARSET", "utf-8")
    try:
        return quopri.decodestring(value.encode()).decode(charset)
    except (LookupError, ValueError) as exc:
        raise CardError(f"its value is not {charset[:20]!r} text", line) from exc


def _take(card: dict[str, Any], name: str, parameters: dict[str, str], value: str) -> None:
    if name == "ORG":
        text = ", ".join(filter(None, map(_unescaped, _UNESCAPED_SEMICOLON.split(value))))
    else:
        text = _unescaped(value)
    if not text:
        return
    if name == "FN":
        card.setdefault("name", text)
    elif name == "N":
        card["parts"] = value
    elif name == "NICKNAME":
        card["aliases"] += filter(None, map(_unescaped, re.split(r"(?<!\\),", value)))
    elif name == "KIND":
        card["kind"] = _KINDS.get(text.lower(), "person")
    elif name in _SOCIAL:
        service = parameters.get("SERVICE-TYPE") or parameters.get("TYPE") or "social"
        _add(card["channels"], service, text, private=False)
    elif name in _CHANNELS:
        _add(card["channels"], _CHANNELS[name], text, private=name in _PRIVATE)
    elif name in _FIELDS:
        _add(card["fields"], _FIELDS[name], text, private=name in _PRIVATE)


def _add(table: dict[str, Any], name: str, text: str, *, private: bool) -> None:
    values = table.setdefault(name[:80], {"value": [], "private": private})["value"]
    # More of them would not be shown, and to compare each with all others takes long.
    if len(values) < MAX_VALUE and text not in values:
        values.append(text)


def _named(card: dict[str, Any], line: int) -> dict[str, Any]:
    parts = [_unescaped(part) for part in _UNESCAPED_SEMICOLON.split(card.pop("parts", ""))]
    name = card.get("name") or " ".join(part for part in reversed(parts[:2]) if part)
    if not name:
        raise CardError("the card that begins here has no name (FN)", line)
    for entry in (*card["channels"].values(), *card["fields"].values()):
        text = ", ".join(entry["value"])
        entry["value"] = text if len(text) <= MAX_VALUE else text[: MAX_VALUE - 1] + "…"
    return card | {"name": name}


def _unescaped(value: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], value).strip()
