"""Reads books in EPUB: their chapters in the order of reading."""

import posixpath
from typing import Any
from urllib.parse import unquote, urldefrag

from tao_servers.knowledge.document import Document
from tao_servers.knowledge.loading.encodings import decode
from tao_servers.knowledge.loading.errors import RefusedError
from tao_servers.knowledge.loading.html_walk import HEADINGS, walk
from tao_servers.knowledge.loading.markup import local, parse_html, parse_xml
from tao_servers.knowledge.loading.office_package import Package
from tao_servers.knowledge.loading.options import Options
from tao_servers.knowledge.loading.text_building import TextBuilder, one_line

__all__ = ["read"]

_CONTAINER = "META-INF/container.xml"
# Fonts may be scrambled without the book being protected.
_FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_FIELDS = {"title": "title", "creator": "author", "date": "created"}


def read(data: bytes, *, name: str, options: Options) -> Document:
    """Read a book (EPUB 2 and 3); a chapter without a heading gets its name in the table of contents.

    Raises:
        RefusedError: it is protected, damaged, something else, or has no text.
    """
    with Package(data, options, kind=".epub") as package:
        _check_protection(package)
        part, root = _book(package)
        builder = TextBuilder(options)
        missing = _chapters(package, part, root, builder)
    unread = (f"{missing} of its chapters: they are not in the file",) if missing else ()
    if not builder.length:
        raise RefusedError("; ".join(["there is no text in it", *unread]))
    return builder.document(unread=unread, **_known(root))


def _check_protection(package: Package) -> None:
    root = package.xml("META-INF/encryption.xml")
    for node in root.iter() if root is not None else ():
        if local(node) == "EncryptionMethod" and node.get("Algorithm") not in _FONTS:
            raise RefusedError("it is protected against copying (DRM); use a copy without protection")


def _book(package: Package) -> tuple[str, Any]:
    container = package.xml(_CONTAINER)
    for node in container.iter() if container is not None else ():
        part = node.get("full-path") if local(node) == "rootfile" else None
        if part and (root := package.xml(part)) is not None:
            return part, root
    raise RefusedError("it is no .epub file by its content, but another zip archive")


def _chapters(package: Package, part: str, root: Any, builder: TextBuilder) -> int:
    """Add the chapters of the spine, or else of the manifest; return how many are missing."""
    folder = posixpath.dirname(part)
    items = {node.get("id"): node for node in root.iter() if local(node) == "item"}
    order = [items.get(node.get("idref")) for node in root.iter() if local(node) == "itemref"]
    names = _contents(package, folder, list(items.values()))
    missing = 0
    for item in order or items.values():
        if item is None:
            missing += 1
        elif "html" in item.get("media-type", ""):
            target = _join(folder, item.get("href", ""))
            data = package.bytes(target)
            missing += data is None
            if data:
                _chapter(data, names.get(target, ""), builder)
    return missing


def _chapter(data: bytes, name: str, builder: TextBuilder) -> None:
    page = _parsed(data)
    if page is None:
        return
    body = next((node for node in page.iter() if local(node) == "body"), page)
    if name and not any(local(node) in HEADINGS for node in body.iter()):
        builder.heading(name, 1)
    builder.gap()
    walk(body, builder)


def _parsed(data: bytes) -> Any:
    """As the XML it should be: in HTML's rules, an empty `<title/>` takes in the whole page."""
    try:
        return parse_xml(data)
    except ValueError:
        return parse_html(decode(data).text)


def _contents(package: Package, folder: str, items: list[Any]) -> dict[str, str]:
    """Return the names that the table of contents gives to the parts: of `nav` (EPUB 3) or `ncx` (EPUB 2)."""
    found: dict[str, str] = {}
    for item in items:
        is_nav = "nav" in item.get("properties", "").split()
        if not is_nav and item.get("media-type") != "application/x-dtbncx+xml":
            continue
        part = _join(folder, item.get("href", ""))
        root = _parsed(package.bytes(part) or b"<empty/>")
        for node in root.iter() if root is not None else ():
            target, name = _link(node) if is_nav else _point(node)
            if target and name:
                found.setdefault(_join(posixpath.dirname(part), target), name)
    return found


def _link(node: Any) -> tuple[str, str]:
    return (node.get("href", ""), one_line("".join(node.itertext()))) if local(node) == "a" else ("", "")


def _point(node: Any) -> tuple[str, str]:
    if local(node) != "navPoint":
        return "", ""
    label = next((part for part in node if local(part) == "navLabel"), None)
    source = next((part.get("src", "") for part in node if local(part) == "content"), "")
    return source, "" if label is None else one_line("".join(label.itertext()))


def _join(folder: str, href: str) -> str:
    return posixpath.normpath(posixpath.join(folder, unquote(urldefrag(href).url)))


def _known(root: Any) -> dict[str, str]:
    known: dict[str, str] = {}
    for node in root.iter():
        field = _FIELDS.get(local(node))
        text = one_line("".join(node.itertext())) if field else ""
        if field and text:
            known.setdefault(field, text)
        elif local(node) == "meta" and node.get("property") == "dcterms:modified" and node.text:
            known["modified"] = node.text.strip()
    return known
