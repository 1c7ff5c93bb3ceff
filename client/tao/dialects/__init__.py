"""How one step is asked for and read back, and which way suits which model."""

from tao.dialects.choice import choose_dialects, dialects_for, measured_dialect
from tao.dialects.native import ToolsDialect
from tao.dialects.schema import SchemaDialect
from tao.dialects.step import ASK, FINISH, OWN_ACTIONS, Call, Dialect, Glimpse, Step, UnreadableStep
from tao.dialects.text import TextDialect

__all__ = [
    "ASK",
    "FINISH",
    "OWN_ACTIONS",
    "Call",
    "Dialect",
    "Glimpse",
    "SchemaDialect",
    "Step",
    "TextDialect",
    "ToolsDialect",
    "UnreadableStep",
    "choose_dialects",
    "dialects_for",
    "measured_dialect",
]
