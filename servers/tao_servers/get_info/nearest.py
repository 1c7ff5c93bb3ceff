"""The names that are most like one that was not found."""

from collections.abc import Iterable, Mapping

from tao_servers.chinese import name_key

__all__ = ["by_likeness"]

_ALIKE = 50.0
_LONGEST = 100


def by_likeness(wanted: str, spelled: Mapping[str, Iterable[str]]) -> list[str]:
    """The keys of `spelled` that have a spelling like `wanted`, the best first, else in their order."""
    from rapidfuzz import fuzz

    key = name_key(wanted[:_LONGEST])
    scores = {
        name: max((fuzz.ratio(key, name_key(spelling)) for spelling in spellings), default=0.0)
        for name, spellings in spelled.items()
    }
    near = [name for name, score in scores.items() if score >= _ALIKE]
    return sorted(near, key=lambda name: -scores[name])
