"""What the loop may raise.

TaoError
├── ConfigError   the user's settings, files or arguments; exit code 2
├── ModelError    the language model or its endpoint; exit code 3
│   └── PromptTooLongError   the prompt does not fit the model; the loop shortens it and goes on
└── ServerError   an MCP server; exit code 3

A failure inside a tool is none of these: it is an observation, and the loop goes on.
"""

__all__ = ["ConfigError", "ModelError", "PromptTooLongError", "ServerError", "TaoError"]


class TaoError(Exception):
    """Anything that Tao raises on purpose; its text says what was seen and what to do next."""


class ConfigError(TaoError):
    """A setting, a file or an argument is missing or wrong."""


class ModelError(TaoError):
    """The model could not be reached, refused, or broke off."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class PromptTooLongError(ModelError):
    """The prompt has more tokens than the model reads; `window` is how many it reads, where it says so."""

    def __init__(self, message: str, *, status: int | None = None, window: int | None = None) -> None:
        super().__init__(message, status=status)
        self.window = window


class ServerError(TaoError):
    """An MCP server did not start or went away."""

    def __init__(self, message: str, *, server: str) -> None:
        super().__init__(message)
        self.server = server
