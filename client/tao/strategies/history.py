"""The messages of one run, which only grow, so that the endpoint's prefix cache holds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tao.models.chat import Message

__all__ = ["History"]

_SHORT = 300
_SHORTEST = 500


@dataclass
class _Observations:
    """The observations of one step, which `render` puts into messages, each text cut to `limit`."""

    render: Callable[[int], Sequence[Message]]
    longest: int
    limit: int


class History:
    """The opening, what was said before, the question, and the steps with their observations.

    Nothing is ever taken back but by `shorten`, which a prompt that is too long calls for.
    """

    def __init__(
        self, opening: Sequence[Message], earlier: Sequence[Sequence[Message]], question: Message
    ) -> None:
        self._opening = tuple(opening)
        self._earlier = list(earlier)
        self._question = question
        self._rest: list[Message | _Observations] = []
        self._messages = self._before()

    @property
    def messages(self) -> tuple[Message, ...]:
        """All of it, in order."""
        return tuple(self._messages)

    def add(self, message: Message) -> None:
        """Append a message."""
        self._rest.append(message)
        self._messages.append(message)

    def observe(self, render: Callable[[int], Sequence[Message]], longest: int) -> None:
        """Append observations whose longest text has `longest` characters."""
        seen = _Observations(render, longest, longest)
        self._rest.append(seen)
        self._messages += render(longest)

    def shorten(self) -> bool:
        """Take the least valuable part out; False when there is nothing left to take.

        First observations that others followed, then half of what was said before, then
        half of each observation's text, again and again down to a few hundred characters.
        """
        changed = self._shorten_older() or self._forget_earlier() or self._halve_longest()
        self._messages = self._before()
        for part in self._rest:
            self._messages += part.render(part.limit) if isinstance(part, _Observations) else [part]
        return changed

    def _before(self) -> list[Message]:
        return [*self._opening, *(message for turn in self._earlier for message in turn), self._question]

    def _shorten_older(self) -> bool:
        older = [seen for seen in self._observations()[:-1] if min(seen.limit, seen.longest) > _SHORT]
        for seen in older:
            seen.limit = _SHORT
        return bool(older)

    def _forget_earlier(self) -> bool:
        gone = (len(self._earlier) + 1) // 2
        self._earlier = self._earlier[gone:]
        return gone > 0

    def _halve_longest(self) -> bool:
        seen = max(self._observations(), key=lambda one: one.limit, default=None)
        if seen is None or seen.limit <= _SHORTEST:
            return False
        seen.limit //= 2
        return True

    def _observations(self) -> list[_Observations]:
        return [part for part in self._rest if isinstance(part, _Observations)]
