"""Puts what a document says into a prompt as data that cannot leave its frame."""

from tao.models.frames import framing

__all__ = ["framed"]

framed = framing("document", "passage")
"""A document's words, unable to close their frame or to open another role of the chat template."""
