"""Tao: Thought, Action, Observation. An async ReAct agent over MCP tool servers."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tao.agent import Agent
    from tao.errors import ConfigError, ModelError, ServerError, TaoError
    from tao.events import Action, Answer, AnswerDelta, Citation, Event, Notice, Observation, ThoughtDelta

__all__ = [
    "Action",
    "Agent",
    "Answer",
    "AnswerDelta",
    "Citation",
    "ConfigError",
    "Event",
    "ModelError",
    "Notice",
    "Observation",
    "ServerError",
    "TaoError",
    "ThoughtDelta",
]

_HOME = {"Agent": "tao.agent"} | dict.fromkeys(
    ("ConfigError", "ModelError", "ServerError", "TaoError"), "tao.errors"
)


def __getattr__(name: str) -> Any:
    # Lazy (PEP 562), so that a server that imports `tao.settings` does not pay for the agent.
    if name not in __all__:
        raise AttributeError(f"module 'tao' has no attribute {name!r}")
    return getattr(import_module(_HOME.get(name, "tao.events")), name)


def __dir__() -> list[str]:
    return __all__
