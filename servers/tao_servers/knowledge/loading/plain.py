"""Plain texts."""

from tao_servers.knowledge.document import Document
from tao_servers.knowledge.loading.encodings import decode
from tao_servers.knowledge.loading.limits import check_length
from tao_servers.knowledge.loading.options import Options

__all__ = ["read"]


def read(data: bytes, *, name: str, options: Options) -> Document:
    """Read a text as it is, whatever its encoding. `name` does not matter."""
    decoded = decode(data)
    return Document(check_length(decoded.text, options), unread=decoded.unread)
