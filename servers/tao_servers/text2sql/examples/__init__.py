"""Verified pairs of question and SQL, kept by database."""

from tao_servers.text2sql.examples.example import Example
from tao_servers.text2sql.examples.store import ExampleStore, default_folder

__all__ = ["Example", "ExampleStore", "default_folder"]
