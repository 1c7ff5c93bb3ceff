"""Keeps what tools say apart from what the model and the chat template say."""

from tao.models.frames import framing

__all__ = ["defused"]

defused = framing("observation")
"""A tool's words, unable to close their frame or to open another role of the chat template."""
