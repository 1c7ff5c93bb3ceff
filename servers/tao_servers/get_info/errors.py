"""What get_info says when it has no answer."""

__all__ = ["InfoError"]


class InfoError(Exception):
    """There is no answer; the text, for a model to read, says what was seen and what to do next."""
