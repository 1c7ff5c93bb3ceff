"""Program code, and what is written like it: its text as it is, and its language."""

from tao_servers.knowledge.document import Document
from tao_servers.knowledge.loading.encodings import decode
from tao_servers.knowledge.loading.languages import language_of
from tao_servers.knowledge.loading.limits import check_length
from tao_servers.knowledge.loading.options import Options

__all__ = ["read"]


def read(data: bytes, *, name: str, options: Options) -> Document:
    """Read a program; its language is told by `name`. XML is not parsed, so that no entity is expanded."""
    decoded = decode(data)
    text = check_length(decoded.text, options)
    return Document(text, form="code", language=language_of(name), unread=decoded.unread)
