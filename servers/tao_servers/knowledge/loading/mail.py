"""Messages: who wrote what to whom and when, and what is attached."""

import email
import email.policy
from collections.abc import Iterator
from dataclasses import replace
from email.header import Header, decode_header
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any

from tao_servers.knowledge.document import Document, Heading, Table
from tao_servers.knowledge.loading import reading
from tao_servers.knowledge.loading.encodings import decode
from tao_servers.knowledge.loading.errors import RefusedError
from tao_servers.knowledge.loading.options import Options

__all__ = ["read"]

_SHOWN = ("Subject", "From", "To", "Cc", "Date")
_MAX_ATTACHMENTS = 50
_MAX_MESSAGE_PARTS = 1000


def read(data: bytes, *, name: str, options: Options) -> Document:
    """Read a message and its attachments, each of which begins a part; `unread` names those that cannot be.

    Attachments that are messages are opened as well, `options.depth` levels deep.
    """
    # The newer policies raise on headers that are not well formed, which is most of the old ones.
    message = email.message_from_bytes(data, policy=email.policy.compat32)
    if not message.keys():
        raise RefusedError("it is not a message: it has no headers; save it anew")
    letter = _Letter(_head(message), options)
    attachments = []
    for part in _leaves(message):
        if _is_attachment(part):
            attachments.append(part)
        else:
            letter.bodies.append(part)
    letter.add_body()
    for part in attachments[:_MAX_ATTACHMENTS]:
        letter.add_attachment(_name_of(part), _bytes_of(part))
    if len(attachments) > _MAX_ATTACHMENTS:
        letter.unread.append(f"{len(attachments) - _MAX_ATTACHMENTS} further attachments")
    return letter.document(message)


def _head(message: Message) -> str:
    lines = [f"{field}: {_header(message[field])}" for field in _SHOWN if message[field]]
    return "\n".join(lines) + "\n"


def _leaves(message: Message) -> Iterator[Message]:
    waiting: list[Message] = [message]
    seen = 0
    while waiting:
        part = waiting.pop(0)
        seen += 1
        if seen > _MAX_MESSAGE_PARTS:
            raise RefusedError(f"it has more than {_MAX_MESSAGE_PARTS:,} parts, as no honest message does")
        inner: Any = part.get_payload()
        if part.get_content_type() == "message/rfc822" or not isinstance(inner, list):
            yield part
        else:
            waiting[:0] = _preferred(inner) if part.get_content_subtype() == "alternative" else inner


def _preferred(forms: list[Message]) -> list[Message]:
    """Of a text in several forms the plain one, and what is neither it nor HTML."""
    kinds = [part.get_content_type() for part in forms]
    if not any(
        kind == "text/plain" and _bytes_of(part).strip() for kind, part in zip(kinds, forms, strict=True)
    ):
        return forms
    html = ("text/html", "multipart/related")
    return [part for kind, part in zip(kinds, forms, strict=True) if kind not in html]


def _is_attachment(part: Message) -> bool:
    if part.get_content_type() in ("text/plain", "text/html"):
        return part.get_content_disposition() == "attachment" or bool(part.get_filename())
    return True


def _name_of(part: Message) -> str:
    if part.get_content_type() == "message/rfc822":
        return "message.eml"
    return " ".join(_header(part.get_filename() or part.get_content_type()).split()).replace("/", "_")


def _bytes_of(part: Message) -> bytes:
    if part.get_content_type() == "message/rfc822":
        inner: Any = part.get_payload()
        return inner[0].as_bytes() if isinstance(inner, list) and inner else b""
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _header(value: object) -> str:
    """A header in words; many programs label GBK as GB2312, or write bytes without any label."""
    try:
        # A `Header` is what the parser makes of bytes that should not be there.
        pieces = decode_header(value if isinstance(value, str | Header) else str(value))
    except (ValueError, LookupError):
        pieces = [(str(value), None)]
    words = [
        piece if isinstance(piece, str) else _decoded(piece, None if charset == "unknown-8bit" else charset)
        for piece, charset in pieces
    ]
    return " ".join("".join(words).split())


def _decoded(data: bytes, charset: str | None) -> str:
    try:
        return decode(data, hint=charset).text
    except RefusedError:
        return data.decode("ascii", "replace")


class _Letter:
    """The document in the making."""

    def __init__(self, head: str, options: Options) -> None:
        self._options = options
        self._text = head
        self._headings: list[Heading] = []
        self._tables: list[Table] = []
        self._parts = [0]
        self.bodies: list[Message] = []
        self.unread: list[str] = []

    def add_body(self) -> None:
        """Add what is written, in plain text and in HTML."""
        for part in self.bodies:
            text = self._decoded(part)
            if part.get_content_subtype() == "html":
                # The mark outweighs whatever charset the page itself names.
                self._take("body.html", text.encode("utf-8-sig", "replace"), "its text")
            elif text.strip():
                self._text += "\n" + text.rstrip("\n") + "\n"

    def _decoded(self, part: Message) -> str:
        try:
            decoded = decode(_bytes_of(part), hint=part.get_content_charset())
        except RefusedError as exc:
            self.unread.append(f"its text: {exc}")
            return ""
        self.unread += [f"its text: {reason}" for reason in decoded.unread]
        return decoded.text

    def add_attachment(self, name: str, data: bytes) -> None:
        """Add a file under its name."""
        if self._options.depth <= 0:
            self.unread.append(f"attachment {name}: it is nested too deeply")
            return
        self._take(name, data, f"attachment {name}", heading=name)

    def _take(self, name: str, data: bytes, what: str, heading: str | None = None) -> None:
        options = replace(
            self._options,
            depth=self._options.depth - 1,
            max_chars=max(0, self._options.max_chars - len(self._text)),
        )
        try:
            document = reading.read(data, name=name, options=options)
        except RefusedError as exc:
            self.unread.append(f"{what}: {exc}")
            return
        self.unread += [f"{what}: {reason}" for reason in document.unread]
        self._text += "\n"
        if heading is not None:
            self._parts.append(len(self._text))
            self._headings.append(Heading(len(self._text), 1, heading))
            self._text += heading + "\n\n"
        self._append(document, deeper=heading is not None)

    def _append(self, document: Document, *, deeper: bool) -> None:
        at = len(self._text)
        self._headings += [Heading(at + h.start, h.level + deeper, h.text) for h in document.headings]
        self._tables += [Table(at + t.start, at + t.end, t.header) for t in document.tables]
        self._parts += [at + start for start in document.parts if start]
        self._text += document.text.rstrip("\n") + "\n"

    def document(self, message: Message) -> Document:
        """The message as a whole."""
        return Document(
            self._text,
            title=_header(message["Subject"]) if message["Subject"] else None,
            author=_header(message["From"]) if message["From"] else None,
            created=_day(message),
            headings=tuple(self._headings),
            tables=tuple(self._tables),
            parts=tuple(self._parts),
            unread=tuple(self.unread),
        )


def _day(message: Message) -> str | None:
    try:
        return parsedate_to_datetime(str(message["Date"])).isoformat() if message["Date"] else None
    except (ValueError, OverflowError):
        return None
