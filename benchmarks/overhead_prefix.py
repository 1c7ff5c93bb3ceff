"""How much of what was sent in one step is sent again, to the letter, in the next: what a cache can reuse."""

import json
from collections.abc import Mapping, Sequence
from itertools import pairwise, takewhile
from typing import Any

__all__ = ["cached_shares", "prefix_reuse"]


def prefix_reuse(requests: Sequence[Mapping[str, Any]]) -> float | None:
    """The smallest share of a step's serialised messages that the next step's begin with; 1 is all of it.

    The bracket that closes the list is left out. Other tools than before make it 0, since most templates put
    them before the messages. None for fewer than two steps.
    """
    return min((_shared(earlier, later) for earlier, later in pairwise(requests)), default=None)


def cached_shares(usages: Sequence[Mapping[str, int]]) -> dict[str, Any] | None:
    """What an endpoint says of its own cache, from the token counts of consecutive steps.

    `of_prompt` is the share of a step's prompt that was cached, `of_earlier` the cached tokens over the whole
    prompt of the step before it, a little over 1 when some of the reply was cached too; of both the smallest.
    None for fewer than two steps.
    """
    steps = list(pairwise(usages))
    if not steps:
        return None
    return {
        "of_prompt": round(min(later["cached"] / max(1, later["prompt"]) for _, later in steps), 4),
        "of_earlier": round(min(later["cached"] / max(1, earlier["prompt"]) for earlier, later in steps), 4),
        "steps": [dict(usage) for usage in usages],
    }


def _shared(earlier: Mapping[str, Any], later: Mapping[str, Any]) -> float:
    if earlier.get("tools") != later.get("tools"):
        return 0.0
    before, after = (_serialised(request["messages"]) for request in (earlier, later))
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False))
    return sum(1 for _ in alike) / len(before)


def _serialised(messages: object) -> str:
    return json.dumps(messages, ensure_ascii=False).removesuffix("]")
