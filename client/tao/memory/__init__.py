"""What the agent remembers of earlier conversations, when the user wants it to."""

from tao.memory.recall import bundled_embedder, recall, reminder

__all__ = ["bundled_embedder", "recall", "reminder"]
