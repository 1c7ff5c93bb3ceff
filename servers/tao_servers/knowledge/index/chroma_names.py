"""Any name -> one that Chroma, and every file system, takes for it."""

import hashlib
import re
import unicodedata

__all__ = ["safe_name"]

# Chroma takes 3 to 512 of these characters; a folder's name should leave room for the path around it.
_OTHER = re.compile(r"[^a-z0-9]+")
_READABLE = 40
_HASH = 12


def safe_name(name: str) -> str:
    """A name of lower-case letters, digits and hyphens: what of `name` is readable, and a hash of it.

    It is always the same for the same name, in whatever Unicode form that is typed, and another one for any
    other name. It is 13 to 53 characters long, starts with a letter and ends with a letter or a digit.
    """
    name = unicodedata.normalize("NFC", name)
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH]
    plain = unicodedata.normalize("NFKD", name).lower().encode("ascii", "ignore").decode("ascii")
    readable = _OTHER.sub("-", plain)[:_READABLE].strip("-")
    # A name such as `con-...` is nothing special to Windows, but one that begins with a digit is to nobody.
    return f"{readable}-{digest}" if readable[:1].isalpha() else f"c{readable and '-'}{readable}-{digest}"
