"""One request in flight for each key: who asks for the same waits for the one that is under way."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import anyio

from tao_servers.weather.sources.source import SourceError

__all__ = ["Flights"]

T = TypeVar("T")


@dataclass(slots=True)
class _Flight(Generic[T]):
    landed: anyio.Event = field(default_factory=anyio.Event)
    result: T | None = None
    failure: SourceError | None = None


class Flights(Generic[T]):
    """Requests under way, by key, within this process."""

    def __init__(self) -> None:
        self._flights: dict[str, _Flight[T]] = {}

    async def join(self, key: str, ask: Callable[[], Awaitable[T]]) -> T:
        """The result of `ask()`, or of the call that is already under way for `key`.

        Where the caller who asks is cancelled, the next one in line asks instead.

        Raises:
            SourceError: it failed, for all who waited.
        """
        while (flight := self._flights.get(key)) is not None:
            await flight.landed.wait()
            if flight.result is not None:
                return flight.result
            if flight.failure is not None:
                raise SourceError(flight.failure.failure, flight.failure.detail) from flight.failure
        flight = self._flights[key] = _Flight()
        try:
            flight.result = await ask()
        except SourceError as exc:
            flight.failure = exc
            raise
        finally:
            del self._flights[key]
            flight.landed.set()
        return flight.result
