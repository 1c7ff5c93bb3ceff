"""Reads web pages: what is seen of them, with their headings and tables."""

import re
from typing import Any

from tao_servers.knowledge.document import Document
from tao_servers.knowledge.loading.encodings import decode
from tao_servers.knowledge.loading.errors import RefusedError
from tao_servers.knowledge.loading.html_walk import walk
from tao_servers.knowledge.loading.markup import local, parse_html
from tao_servers.knowledge.loading.options import Options
from tao_servers.knowledge.loading.text_building import TextBuilder, one_line

__all__ = ["read"]

_CHARSET = re.compile(
    rb"<(?:meta|\?xml)[^>]{0,300}?(?:charset|encoding)\s*=\s*[\"']?\s*([\w.:-]{2,30})", re.IGNORECASE
)
_HEAD_BYTES = 4_096
_TITLES = ("og:title", "twitter:title", "dc.title", "citation_title")
_AUTHORS = ("author", "article:author", "dc.creator", "citation_author")
_CREATED = (
    "article:published_time",
    "datepublished",
    "pubdate",
    "publishdate",
    "date",
    "dc.date",
    "dcterms.created",
)
_CHANGED = ("article:modified_time", "datemodified", "last-modified", "dcterms.modified", "og:updated_time")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)?")


def read(data: bytes, *, name: str, options: Options) -> Document:
    """Read a page; it is decoded by its mark, by what it says of itself, or by what is plausible.

    Raises:
        RefusedError: it is binary, or nothing can be seen in it.
    """
    if not data.strip():
        raise RefusedError("it is empty")
    charset = _CHARSET.search(data[:_HEAD_BYTES])
    decoded = decode(data, hint=charset.group(1).decode("ascii") if charset else None)
    try:
        root = parse_html(decoded.text)
    except RecursionError as exc:
        raise RefusedError("its elements are nested too deeply; save it anew") from exc
    builder = TextBuilder(options)
    if root is not None:
        walk(root, builder)
    if not builder.length:
        raise RefusedError("there is no text to be seen in it")
    return builder.document(unread=decoded.unread, **_known(root))


def _known(root: Any) -> dict[str, str | None]:
    told: dict[str, str] = {}
    title = None
    for node in root.iter("meta", "title"):
        if local(node) == "title":
            title = title or one_line("".join(node.itertext())) or None
        else:
            key = node.get("property") or node.get("name") or node.get("itemprop") or ""
            told.setdefault(key.lower(), one_line(node.get("content") or ""))
    return {
        "title": title or _first(told, _TITLES),
        "author": _first(told, _AUTHORS),
        "created": _date(_first(told, _CREATED)),
        "modified": _date(_first(told, _CHANGED)),
    }


def _first(told: dict[str, str], names: tuple[str, ...]) -> str | None:
    return next((told[name] for name in names if told.get(name)), None)


def _date(text: str | None) -> str | None:
    match = _DATE.match(text or "")
    return match.group().replace(" ", "T") if match else None
