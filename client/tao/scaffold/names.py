"""Which names a server can have: as a folder, a Python package, and the part before `__` in a tool's name."""

import keyword
import re
import sys
from importlib.util import find_spec
from typing import Literal

__all__ = ["LONGEST", "Fault", "better_name", "fault_of"]

Fault = Literal["form", "keyword", "taken"]
# As in a server list; with `__convert` behind it, still short of the 64 characters that hosts allow a tool.
LONGEST = 40

_NAME = re.compile(rf"(?=.{{1,{LONGEST}}}\Z)[a-z][a-z0-9]*(_[a-z0-9]+)*")
# `tests` lies beside the package; Windows keeps the others for devices, whatever the folder.
_RESERVED = {"aux", "con", "nul", "prn", "tests"} | {
    f"{port}{n}" for port in ("com", "lpt") for n in range(10)
}


def fault_of(name: str) -> Fault | None:
    """What is wrong with `name`; None when it can be used.

    `taken` is a name that would hide a module of Python or of this environment, or is hidden by it.
    """
    if not _NAME.fullmatch(name):
        return "form"
    if keyword.iskeyword(name):
        return "keyword"
    return "taken" if name in _RESERVED or _is_module(name) else None


def better_name(name: str) -> str | None:
    """A name like `name` that can be used, if there is one at hand."""
    words = re.findall(r"[a-z0-9]+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name[:200]).lower())
    plain = "_".join(words).lstrip("0123456789_")[:LONGEST].rstrip("_")
    return next((one for one in (plain, f"{plain}_server") if plain and fault_of(one) is None), None)


def _is_module(name: str) -> bool:
    if name in sys.stdlib_module_names:
        return True
    found = find_spec(name)
    # Any folder in the current one looks like a namespace package, which hides nothing.
    return found is not None and found.origin is not None
