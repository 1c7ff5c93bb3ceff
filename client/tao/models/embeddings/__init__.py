"""What turns texts into vectors: the protocol, and the embedders behind it. Importing it loads no model."""

from tao.models.embeddings.bundled import BundledEmbedder
from tao.models.embeddings.cache import CachedEmbedder
from tao.models.embeddings.choosing import Endpoint, open_embedder
from tao.models.embeddings.combined import CombinedEmbedder
from tao.models.embeddings.e5 import E5Embedder
from tao.models.embeddings.protocol import Embedder, Kind

__all__ = [
    "BundledEmbedder",
    "CachedEmbedder",
    "CombinedEmbedder",
    "E5Embedder",
    "Embedder",
    "Endpoint",
    "Kind",
    "open_embedder",
]
