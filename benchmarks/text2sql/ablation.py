"""Which stages are turned off, or on, to see what each is worth."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

__all__ = ["STAGES", "Variant", "variants"]

STAGES = ("candidates", "mend", "repairs", "ties", "judge", "illustrations", "hints", "early")

_Options = TypeVar("_Options")


@dataclass(frozen=True, slots=True)
class Variant(Generic[_Options]):
    """Options that differ from the default in one stage; `name` says how."""

    name: str
    options: _Options


def variants(default: _Options, stages: tuple[str, ...] = STAGES) -> Iterator[Variant[_Options]]:
    """The default options with each stage turned round: what is on goes off, what is off comes on.

    A stage that the options do not have is left out.
    """
    for stage in (stage for stage in stages if hasattr(default, stage)):
        value = _other(stage, getattr(default, stage))
        shown = {True: "on", False: "off"}.get(value, value) if isinstance(value, bool) else value
        changed: Any = replace(default, **{stage: value})  # type: ignore[type-var]
        yield Variant(f"{stage}={shown}", changed)


def _other(stage: str, value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    least, some = {"candidates": (1, 3)}.get(stage, (0, 1))
    return least if value != least else some
