"""What the loop may raise.

TaoError
├── ConfigError   the user's settings, files or arguments; exit code 2
├── ModelError    the language model or its endpoint; exit code 3
└── ServerError   an MCP server; exit code 3

A failure inside a tool is none of these: it is an observation, and the loop goes on.
"""

__all__ = ["ConfigError", "ModelError", "ServerError", "TaoError"]


class TaoError(Exception):
    """Anything that Tao raises on purpose; its text says what was seen and what to do next."""


class ConfigError(TaoError):
    """A setting, a file or an argument is missing or wrong."""


class ModelError(TaoError):
    """The model could not be reached, refused, or broke off."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class ServerError(TaoError):
    """An MCP server did not start or went away."""

    def __init__(self, message: str, *, server: str) -> None:
        super().__init__(message)
        self.server = server
