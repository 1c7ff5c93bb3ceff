"""Cuts documents into chunks: the units that are found and cited."""

from tao_servers.knowledge.splitting.choice import split
from tao_servers.knowledge.splitting.sizes import Embed, Sizes, Splitter

__all__ = ["Embed", "Sizes", "Splitter", "split"]
