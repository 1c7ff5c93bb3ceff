"""Reads whatever models write: one pure function, `read_reply`, for all dialects."""

from tao.dialects.reading.reader import Form, read_reply
from tao.dialects.reading.result import Reading
from tao.dialects.reading.values import load_json, load_object

__all__ = ["Form", "Reading", "load_json", "load_object", "read_reply"]
