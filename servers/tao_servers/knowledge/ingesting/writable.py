"""Makes texts such that they can be written."""

import re
from dataclasses import replace

from tao_servers.knowledge.document import Document

__all__ = ["writable"]

_HALF = re.compile("[\ud800-\udfff]")


def writable(document: Document) -> Document:
    """The document with U+FFFD for each lone half of a surrogate pair, as JSON may escape it.

    Python takes them for characters, and neither UTF-8 nor a database does. All places stay as they are.
    """
    return replace(
        document,
        text=_text(document.text),
        title=_optional(document.title),
        author=_optional(document.author),
        language=_optional(document.language),
        created=_optional(document.created),
        modified=_optional(document.modified),
        headings=tuple(replace(heading, text=_text(heading.text)) for heading in document.headings),
        tables=tuple(replace(table, header=_text(table.header)) for table in document.tables),
        unread=tuple(map(_text, document.unread)),
    )


def _text(text: str) -> str:
    try:
        # Many times as fast as to look at each character.
        text.encode()
    except UnicodeEncodeError:
        return _HALF.sub("\ufffd", text)
    return text


def _optional(text: str | None) -> str | None:
    return None if text is None else _text(text)
