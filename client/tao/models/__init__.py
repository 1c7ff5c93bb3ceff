"""Everything that calls a model or runs one. Importing this package loads no heavy library."""

from tao.models.chat import ChatModel, ChatRequest, Completion, Delta, Message, Usage

__all__ = ["ChatModel", "ChatRequest", "Completion", "Delta", "Message", "Usage"]
