"""How large a model is, as far as its name tells."""

import re

from tao.models.local.catalog import CATALOG

__all__ = ["billions", "too_small"]

# Below it, models gain nothing from hypothetical passages and further queries.
_LEAST = 4.0
# `8x7B`, `30B-A3B` (what is active does not count), `gemma-3n-E4B`, `1_5b`; not the `1M` of a long window.
_SIZE = re.compile(
    r"(?<![a-z0-9.])(?:(?P<experts>\d+)x|e)?"
    r"(?P<number>[01]_\d+|\d+(?:\.\d+)?)(?:(?P<billion>b)|(?<=\d\d)m)(?![a-z0-9])"
)
# Of names without a number: what their publishers, or Ollama's default tags, give.
_KNOWN = {"llama3.2": 3.0, "smollm": 1.7, "smollm2": 1.7, "tinyllama": 1.1}


def billions(name: str) -> float | None:
    """The parameters of the model `name` in billions, all experts counted; None where the name is silent."""
    entry = CATALOG.get(name)
    lowered = (entry.title if entry else name).lower()
    last = lowered.rstrip("/").rpartition("/")[2]
    sizes = [_size(match) for text in (last, lowered) for match in _SIZE.finditer(text)]
    return max(sizes) if sizes else _KNOWN.get(last.partition(":")[0])


def too_small(name: str) -> bool:
    """Whether the model is known to be too small to gain from a rewrite; of unknown size it is not."""
    size = billions(name)
    return size is not None and size < _LEAST


def _size(match: re.Match[str]) -> float:
    number = float(match["number"].replace("_", "."))
    return number * int(match["experts"] or 1) * (1 if match["billion"] else 0.001)
