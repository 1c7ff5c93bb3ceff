"""How much a run may cost before it must answer from what it knows."""

from dataclasses import dataclass

from tao.events import StopReason
from tao.settings import AgentSettings

__all__ = ["Limits", "Spent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds, steps, calls and tokens of a run; `last_word` are the seconds for the answer after a limit.

    `patience` is how many steps in a row may bring nothing new; `max_tokens` counts what was sent and
    received in all requests together, and None sets no bound.
    """

    max_steps: int = 8
    max_tool_calls: int = 40
    max_tokens: int | None = None
    patience: int = 4
    timeout: float = 600.0
    last_word: float = 90.0

    @classmethod
    def of(cls, settings: AgentSettings) -> "Limits":
        """The limits that the settings give."""
        return cls(
            max_steps=settings.max_steps,
            max_tool_calls=settings.max_tool_calls,
            max_tokens=settings.max_tokens,
            patience=settings.patience,
            timeout=settings.timeout,
            last_word=settings.last_word_timeout,
        )


@dataclass(slots=True)
class Spent:
    """What a run has cost so far; `barren` are the last steps in a row that brought nothing new."""

    steps: int = 0
    tool_calls: int = 0
    barren: int = 0

    def over(self, limits: Limits, *, tokens: int) -> StopReason | None:
        """The limit that is reached, if one is."""
        if self.steps >= limits.max_steps:
            return "max_steps"
        if self.tool_calls >= limits.max_tool_calls:
            return "max_tool_calls"
        if limits.max_tokens is not None and tokens >= limits.max_tokens:
            return "max_tokens"
        return "no_progress" if self.barren >= limits.patience else None
