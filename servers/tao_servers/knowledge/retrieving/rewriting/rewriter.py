"""A query in better words, within a bound of time, or as it was."""

import logging
import unicodedata
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import anyio
import anyio.to_thread

from tao.errors import ConfigError, ModelError
from tao.models.chat import ChatModel
from tao.models.json_replies import JsonModel
from tao_servers.knowledge.retrieving.rewriting.checking import checked, is_near
from tao_servers.knowledge.retrieving.rewriting.closeness import Closeness, Embed
from tao_servers.knowledge.retrieving.rewriting.patience import Patience
from tao_servers.knowledge.retrieving.rewriting.reading import (
    HYPOTHESIS_SCHEMA,
    PROPOSAL_SCHEMA,
    Proposal,
    hypothesis_prompt,
    proposal_prompt,
    read_hypothesis,
    read_proposal,
)

__all__ = ["Bounds", "Rewriter", "Rewritten"]

_log = logging.getLogger(__name__)
_REPLY_CHARS, _REPLY_TOKENS = 20_000, 512
_QUERIES = 5
_QUERY_CHARS = 1000
_TURNS = 6
_TURN_CHARS = 500
_END = " ?!.。"

_Key = tuple[str, tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What rewriting may cost.

    A query waits `seconds` at most. After `failures` in a row the model is left alone for `pause` seconds.
    So many rewrites are `remembered`.
    """

    seconds: float = 8.0
    failures: int = 2
    pause: float = 60.0
    remembered: int = 256


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What is to be searched for a query.

    `queries` has the best first, five at most, the original among them unless it can only be understood by
    what was said before. `hypothetical` are passages to be embedded beside them, and never searched by word.
    Where nothing of the model is used, `kept` is False. `reason` says why, or what was left out.
    """

    queries: tuple[str, ...]
    kept: bool = False
    reason: str = ""
    hypothetical: tuple[str, ...] = ()


class Rewriter:
    """Has `model` correct queries, put in what they refer to, take them apart and say them in other words.

    `embed` (`Embedder.embed` with its kind bound to queries) measures whether the meaning was kept; without
    it, that is judged by numbers, names and script alone. With `hyde` a second call writes a passage that
    might answer.
    """

    def __init__(
        self,
        model: ChatModel,
        *,
        embed: Embed | None = None,
        hyde: bool = False,
        bounds: Bounds | None = None,
    ) -> None:
        self._model = JsonModel(model, most_chars=_REPLY_CHARS, max_tokens=_REPLY_TOKENS)
        self._closeness = Closeness(embed) if embed else None
        self._hyde = hyde
        self._bounds = bounds or Bounds()
        self._patience = Patience(self._bounds.failures, self._bounds.pause)
        self._remembered: OrderedDict[_Key, Rewritten] = OrderedDict()

    async def rewrite(
        self, query: str, *, earlier: Sequence[str] = (), languages: Sequence[str] = ()
    ) -> Rewritten:
        """The queries to search by; never raises for what the model or its endpoint does.

        `earlier` are the questions and answers before it, the latest last; `languages` those of the
        documents (`zh`, `en`), in which it may be said as well.
        """
        turns = tuple(turn[:_TURN_CHARS] for turn in earlier[-_TURNS:] if turn.strip())
        key = (query, turns, tuple(languages))
        if key in self._remembered:
            self._remembered.move_to_end(key)
            return self._remembered[key]
        if reason := _pointless(query) or self._patience.refusal:
            return Rewritten((query,), reason=reason)
        deadline = anyio.current_time() + self._bounds.seconds
        try:
            with anyio.fail_after(self._bounds.seconds):
                rewritten = await self._proposed(*key)
        except TimeoutError:
            return self._failed(query, f"the model took more than {self._bounds.seconds:g} s")
        except (ConfigError, ModelError) as exc:
            return self._failed(query, str(exc))
        if self._hyde:
            rewritten, answered = await self._with_passage(rewritten, languages, deadline)
            if not answered:
                return rewritten
        self._patience.answered()
        self._remembered[key] = rewritten
        if len(self._remembered) > self._bounds.remembered:
            self._remembered.popitem(last=False)
        return rewritten

    def _failed(self, query: str, reason: str) -> Rewritten:
        self._patience.failed(reason)
        _log.warning("A query is searched as it is: %s", reason)
        return Rewritten((query,), reason=reason)

    async def _proposed(self, query: str, earlier: Sequence[str], languages: Sequence[str]) -> Rewritten:
        try:
            prompt = proposal_prompt(query, earlier, languages)
            proposal = read_proposal(await self._model.ask(prompt, PROPOSAL_SCHEMA))
            check = partial(
                checked, query, proposal, earlier=earlier, languages=languages, closeness=self._closeness
            )
            good, dropped = await anyio.to_thread.run_sync(check, abandon_on_cancel=True)
        except ValueError as exc:
            return Rewritten((query,), reason=f"the rewrite was not used: {exc}")
        return Rewritten(_queries(query, good), kept=True, reason="; ".join(dropped))

    async def _with_passage(
        self, rewritten: Rewritten, languages: Sequence[str], deadline: float
    ) -> tuple[Rewritten, bool]:
        """The same with a passage, or with why there is none; and whether the model answered."""
        answered = False
        try:
            with anyio.fail_after(deadline - anyio.current_time()):
                passage = await self._hypothesis(rewritten.queries[0], languages)
        except TimeoutError:
            fault = "the model took too long"
        except (ConfigError, ModelError) as exc:
            fault = str(exc)
        except ValueError as exc:
            fault, answered = str(exc), True
        else:
            return replace(rewritten, hypothetical=(passage,)), True
        if not answered:
            self._patience.failed(fault)
        reason = "; ".join(filter(None, [rewritten.reason, f"no hypothetical passage: {fault}"]))
        return replace(rewritten, reason=reason), answered

    async def _hypothesis(self, query: str, languages: Sequence[str]) -> str:
        reply = await self._model.ask(hypothesis_prompt(query, languages), HYPOTHESIS_SCHEMA)
        passage = read_hypothesis(reply)
        if self._closeness is not None:
            near = partial(is_near, query, passage, self._closeness)
            if not await anyio.to_thread.run_sync(near, abandon_on_cancel=True):
                raise ValueError("it is about something else")
        return passage


def _pointless(query: str) -> str:
    """Why there is nothing to rewrite; empty if there may be."""
    if len(query) > _QUERY_CHARS:
        return f"the query has more than {_QUERY_CHARS:,} characters"
    return "" if any(character.isalpha() for character in query) else "the query has no words"


def _queries(original: str, proposal: Proposal) -> tuple[str, ...]:
    first = proposal.query
    if not proposal.refers:
        # Where only signs or spaces were changed, one of them is enough.
        first = original if _bare(first) == _bare(original) else first
    own = [first] if proposal.refers else [first, original]
    different: dict[str, str] = {}
    for query in (*own, *proposal.parts, *proposal.others):
        different.setdefault(_bare(query), query)
    return tuple(different.values())[:_QUERIES]


def _bare(query: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", query).casefold().split()).rstrip(_END)
