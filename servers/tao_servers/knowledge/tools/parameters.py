"""Parameters that may be left out, which some hosts do by sending null."""

from typing import Annotated

from pydantic import BeforeValidator

__all__ = ["Flag", "Text"]


def _or_nothing(kind: type) -> BeforeValidator:
    return BeforeValidator(lambda given: kind() if given is None else given)


Text = Annotated[str, _or_nothing(str)]
Flag = Annotated[bool, _or_nothing(bool)]
