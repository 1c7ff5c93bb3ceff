"""Parses XML and HTML with lxml, which is imported on first use."""

import html.entities
import re
from functools import cache
from types import ModuleType
from typing import Any

from tao.models.loading import load

__all__ = ["attribute", "local", "lxml", "parse_html", "parse_xml", "relation_id"]

_ENTITY = re.compile(rb"&([A-Za-z][A-Za-z0-9]*);")
_MEANINGLESS = re.compile(r"</?(div|span|font|b|i|u|em|strong|big|small|center|a)\b[^<>]*>", re.IGNORECASE)
_PREDEFINED = {b"amp", b"lt", b"gt", b"quot", b"apos"}


@cache
def lxml(module: str = "etree") -> ModuleType:
    """Return a module of lxml."""
    load("lxml", extra="knowledge")
    return load(f"lxml.{module}", extra="knowledge")


def parse_xml(data: bytes) -> Any:
    """Parse XML whose entities are left unresolved; names of HTML's entities become their characters.

    Raises:
        ValueError: it is not well-formed.
    """
    etree = lxml()
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_pis=True)
    try:
        return etree.fromstring(_ENTITY.sub(_named, data) if b"<!DOCTYPE" in data else data, parser)
    except etree.XMLSyntaxError as exc:
        raise ValueError(f"not well-formed: {exc}") from exc


def _named(match: re.Match[bytes]) -> bytes:
    name = match.group(1)
    text = html.entities.html5.get(name.decode("ascii") + ";")
    if name in _PREDEFINED or text is None:
        return match.group()
    return "".join(f"&#{ord(character)};" for character in text).encode("ascii")


def parse_html(text: str) -> Any:
    """Parse HTML as a browser would, however broken it is; None: there is nothing in it.

    Raises:
        RecursionError: more elements are nested than libxml2 takes, which would drop what is in them.
    """
    root, too_deep = _parsed_html(text)
    if too_deep:
        # Old pages nest thousands of inline elements that nobody closed; they say nothing.
        root, too_deep = _parsed_html(_MEANINGLESS.sub(_break, text))
    if too_deep:
        raise RecursionError("elements are nested too deeply")
    return root


def _parsed_html(text: str) -> tuple[Any, bool]:
    # The parser takes no text that names an encoding in an XML declaration, but bytes in a given one.
    module = lxml("html")
    parser = module.HTMLParser(encoding="utf-8", huge_tree=True, no_network=True)
    try:
        root = module.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except lxml().ParserError:
        root = None
    return root, any("depth" in error.message for error in parser.error_log)


def _break(tag: re.Match[str]) -> str:
    return "<br>" if tag.group(1).lower() == "div" else ""


def local(node: Any) -> str:
    """Return an element's name without its namespace; empty for comments and the like."""
    tag = node.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(node: Any, name: str) -> str | None:
    """Return an attribute by its name without namespace."""
    for key, value in node.attrib.items():
        if key.rpartition("}")[2] == name:
            return str(value)
    return None


def relation_id(node: Any) -> str:
    """Return the id of the relation that an element of an office file names, and not its own id."""
    return next((str(node.get(key)) for key in node.attrib if key.endswith("}id")), "")
