"""Has a chat model put a query into better words, and checks that it still means the same."""

from tao_servers.knowledge.retrieving.rewriting.opening import open_rewriter
from tao_servers.knowledge.retrieving.rewriting.rewriter import Bounds, Rewriter, Rewritten
from tao_servers.knowledge.retrieving.rewriting.threads import Rewrite, rewriting_in_threads

__all__ = ["Bounds", "Rewrite", "Rewriter", "Rewritten", "open_rewriter", "rewriting_in_threads"]
