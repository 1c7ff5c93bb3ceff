"""What may go wrong with a database or a query.

Text2sqlError
├── SetupError      a library, the database or its comments file is missing or wrong; the user must act
│   └── NotReadOnly     something could be written to the database; the user must take that right away
├── QueryRefused    a rule or the engine does not let the statement run
└── QueryFailed     the statement may run, but did not: wrong syntax, unknown name, time limit
"""

__all__ = ["NotReadOnly", "QueryFailed", "QueryRefused", "SetupError", "Text2sqlError"]


class Text2sqlError(Exception):
    """Anything that this server raises on purpose; its text says what was seen and what to do next."""


class SetupError(Text2sqlError):
    """A library, the database or its comments file is missing or wrong."""


class NotReadOnly(SetupError):
    """It could not be proved that nothing can be written."""


class QueryRefused(Text2sqlError):
    """The statement is not allowed; `rule` names what refused it, `engine` for the database's own guard."""

    def __init__(self, message: str, *, rule: str) -> None:
        super().__init__(message)
        self.rule = rule


class QueryFailed(Text2sqlError):
    """The statement is allowed but did not run to its end."""
