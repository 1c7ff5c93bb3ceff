"""Why an ingest does not begin, or not go on."""

__all__ = ["TargetError", "WatchError"]


class TargetError(ValueError):
    """What the user named cannot be taken in; the text says why."""


class WatchError(Exception):
    """The folders cannot be watched any longer; the text says why."""
