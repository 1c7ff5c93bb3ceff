"""Whether what a model made of a query still means the same; no model is asked about it."""

from collections.abc import Sequence

from tao_prompts import language_of
from tao_servers.knowledge.retrieving.rewriting.anchors import invented_number, lost_anchor, other_script
from tao_servers.knowledge.retrieving.rewriting.closeness import Closeness
from tao_servers.knowledge.retrieving.rewriting.reading import Proposal

__all__ = ["checked", "is_near"]

_CHARS = 160
_TIMES_AS_LONG = 3
# Of 27 pairs with both bundled embedders: 0.36 and more for what means the same or is a part of it, 0.23 and
# less for what has nothing to do with it. A word exchanged for its like (年假, 病假) is not told by this.
_LEAST_SHARE = 0.3
_TYPING_ERROR = 0.75


def checked(
    original: str,
    proposal: Proposal,
    *,
    earlier: Sequence[str] = (),
    languages: Sequence[str] = (),
    closeness: Closeness | None = None,
) -> tuple[Proposal, list[str]]:
    """The proposal without what strayed from the original, and why that was left out. Blocks.

    Raises:
        ValueError: its query itself does not mean the same; the text says why.
    """
    refers = proposal.refers and bool(earlier)
    if fault := _fault(proposal.query, original, earlier):
        raise ValueError(fault)
    if lost := lost_anchor(original, [proposal.query, *proposal.parts]):
        raise ValueError(f"{lost!r} got lost")
    faults: dict[str, str] = {}
    for query in (*proposal.parts, *proposal.others):
        translated = query in proposal.others and language_of(query) in languages
        faults[query] = _fault(query, original, earlier, any_script=translated)
    # Without what it refers to, a query such as "and the other one?" is near nothing.
    compared = "\n".join([*earlier[-2:], original]) if refers else original
    _compare(compared, proposal.query, faults, closeness)
    kept = [query for query in faults if not faults[query]]
    parts = tuple(part for part in proposal.parts if part in kept)
    others = tuple(other for other in proposal.others if other in kept)
    dropped = [f"{query!r} was left out: {fault}" for query, fault in faults.items() if fault]
    return Proposal(proposal.query, parts, others, refers), dropped


def _fault(query: str, original: str, earlier: Sequence[str], *, any_script: bool = False) -> str:
    """What is wrong with a query by itself; empty if nothing is."""
    if len(query) > max(_CHARS, _TIMES_AS_LONG * len(original)):
        return f"it has {len(query)} characters"
    if not any(character.isalnum() for character in query):
        return "it says nothing"
    if not any_script and other_script(query, original):
        return "it is in another language"
    if number := invented_number(query, [original, *earlier]):
        return f"the number {number} was not asked for"
    return ""


def _compare(original: str, query: str, faults: dict[str, str], closeness: Closeness | None) -> None:
    """Note which of the queries is about something else.

    Raises:
        ValueError: `query` is.
    """
    from rapidfuzz.distance import OSA

    if closeness is None:
        return
    sound = [other for other, fault in faults.items() if not fault]
    first, *shares = closeness.shares(original, [query, *sound])
    alike = OSA.normalized_similarity(original.casefold(), query.casefold())
    if first < _LEAST_SHARE and alike < _TYPING_ERROR:
        raise ValueError(f"it is about something else ({first:.2f})")
    for other, share in zip(sound, shares, strict=True):
        if share < _LEAST_SHARE:
            faults[other] = f"it is about something else ({share:.2f})"


def is_near(query: str, passage: str, closeness: Closeness) -> bool:
    """Whether a passage is about what the query asks. Blocks."""
    return closeness.shares(query, [passage])[0] >= _LEAST_SHARE
