"""The one error of this package."""

__all__ = ["RefusedError"]


class RefusedError(ValueError):
    """A file cannot be taken in; the text is the reason: short, in lower case, with what to do about it."""
