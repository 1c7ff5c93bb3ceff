"""How large chunks are, and which ways there are to cut."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Embed", "Sizes", "Splitter"]

Splitter = Literal["auto", "lines", "fixed", "recursive", "markdown", "code", "semantic", "parents"]

Embed = Callable[[Sequence[str]], "NDArray[Any]"]
"""Texts to one row of numbers each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Sizes in tokens, as `count` counts them; no chunk has more than `tokens`.

    `overlap` is what two neighbours of `fixed` share, `parent_tokens` the most that is read around a chunk of
    `parents` (default: `tokens`). A text of n bytes in UTF-8 may have 4n tokens at most: as short a text as
    that is not counted.

    Raises:
        ValueError: the sizes contradict each other.
    """

    tokens: int
    count: Callable[[str], int]
    overlap: int = 0
    parent_tokens: int | None = None

    def __post_init__(self) -> None:
        if self.tokens < 1:
            raise ValueError(f"A chunk cannot have at most {self.tokens} tokens; give 1 or more.")
        if not 0 <= self.overlap < self.tokens:
            raise ValueError(
                f"An overlap of {self.overlap} tokens does not fit chunks of {self.tokens}; "
                f"give 0 to {self.tokens - 1}."
            )
        if self.parent_tokens is not None and self.parent_tokens < self.small_tokens:
            raise ValueError(
                f"Parents of {self.parent_tokens} tokens cannot hold chunks of {self.small_tokens}; "
                "give more, or smaller chunks."
            )

    @property
    def small_tokens(self) -> int:
        """The most tokens of a chunk that has a parent: a quarter."""
        return max(1, self.tokens // 4)
