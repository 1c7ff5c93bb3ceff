"""Where documents are kept and found: a catalogue, and the indexes that are derived from it."""

from tao_servers.knowledge.index.catalogue import Entry, Source
from tao_servers.knowledge.index.collection import Collection, open_collection
from tao_servers.knowledge.index.deleting import delete_collection
from tao_servers.knowledge.index.errors import BusyStoreError, EmptyStoreError, StoreError
from tao_servers.knowledge.index.legs import Disagreement
from tao_servers.knowledge.index.passages import Passage, indexed_text
from tao_servers.knowledge.index.place import Place, places
from tao_servers.knowledge.index.standing import Standing, standing
from tao_servers.knowledge.index.strength import Totals
from tao_servers.knowledge.index.writing import Writer, open_writer

__all__ = [
    "BusyStoreError",
    "Collection",
    "Disagreement",
    "EmptyStoreError",
    "Entry",
    "Passage",
    "Place",
    "Source",
    "Standing",
    "StoreError",
    "Totals",
    "Writer",
    "delete_collection",
    "indexed_text",
    "open_collection",
    "open_writer",
    "places",
    "standing",
]
