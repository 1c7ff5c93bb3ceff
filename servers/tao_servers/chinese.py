"""Chinese text brought to one form, so that names can be compared."""

import unicodedata
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opencc import OpenCC

__all__ = ["name_key", "simplified"]


def simplified(text: str) -> str:
    """Put Traditional characters into Simplified ones, as OpenCC's `t2s` does."""
    # Its dictionaries are read on first use, and plain ASCII needs none.
    if text.isascii():
        return text
    # A lone surrogate, which JSON can spell, is no character to the converter.
    return str(_converter().convert(text.encode("utf-8", "replace").decode("utf-8")))


def name_key(text: str) -> str:
    """The form under which two spellings of a name are equal.

    Width, case, Traditional or Simplified, and everything but letters and digits make no difference.
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    return simplified("".join(character for character in plain if character.isalnum()))


@cache
def _converter() -> "OpenCC":
    from opencc import OpenCC

    return OpenCC("t2s")
