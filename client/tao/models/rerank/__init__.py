"""What judges how well passages answer a query: the protocol, and its opening. It loads no model itself."""

from tao.models.rerank.opening import open_reranker
from tao.models.rerank.protocol import Reranker

__all__ = ["Reranker", "open_reranker"]
