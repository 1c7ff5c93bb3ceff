"""How one step is asked for and read back, and which way suits which model."""

from pathlib import Path
from typing import Literal

from tao.dialects.schema import SchemaDialect
from tao.dialects.step import FINISH, Call, Dialect, Glimpse, Step, UnreadableStep
from tao.dialects.text import TextDialect

__all__ = [
    "FINISH",
    "Call",
    "Dialect",
    "Glimpse",
    "SchemaDialect",
    "Step",
    "TextDialect",
    "UnreadableStep",
    "choose_dialect",
]

# Measured: the 0.5B model names the right tool more often in labelled lines, every larger one in the schema.
_TEXT_MODELS = frozenset({"local-small"})


def choose_dialect(
    wanted: Literal["auto", "schema", "text"], model: str, *, prompts: Path | None = None
) -> Dialect:
    """The dialect that was asked for, or the one that suits the model best."""
    if wanted == "text" or (wanted == "auto" and model in _TEXT_MODELS):
        return TextDialect(prompts=prompts)
    return SchemaDialect(prompts=prompts)
