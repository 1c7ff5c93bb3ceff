"""The log of a server: lines for people or JSON for machines, on stderr or in a file."""

import json
import logging
import sys
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

__all__ = ["LEVELS", "LogForm", "configure_logs", "log_handler"]

LogForm = Literal["text", "json"]
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")

_OURS = "tao_servers"
# What a server says of itself, such as its port: shown at every level, and on stderr even beside a file.
_ALWAYS = "tao_servers.serving"


def configure_logs(level: str, form: LogForm, path: Path | None = None) -> None:
    """Log to `path`, else to stderr; `level` counts for what servers say.

    Libraries are heard from WARNING up only: at INFO, httpx logs addresses with the query in them, and the
    SDK the text of errors, both of which can repeat what a user asked. DEBUG shows everything.

    Raises:
        OSError: `path` cannot be written.
    """
    console = log_handler(form)
    always = logging.getLogger(_ALWAYS)
    handler = console
    if path is not None:
        handler = log_handler(form, path)
        always.addHandler(console)
    libraries = level if level in ("DEBUG", "ERROR") else "WARNING"
    logging.basicConfig(level=libraries, handlers=[handler], force=True)
    logging.getLogger(_OURS).setLevel(level)
    always.setLevel(min(logging.INFO, logging.getLevelNamesMapping()[level]))
    logging.captureWarnings(True)


def log_handler(form: LogForm, path: Path | None = None) -> logging.Handler:
    """What writes the lines: to `path`, which is appended to, else to stderr."""
    handler: logging.Handler = logging.StreamHandler(sys.stderr) if path is None else _file(path)
    handler.setFormatter(_Json() if form == "json" else _Text())
    return handler


def _file(path: Path) -> logging.Handler:
    from logging.handlers import WatchedFileHandler

    # Who asked for what is nobody else's business. The handler opens a new file when this one was rotated.
    path.touch(mode=0o600)
    return WatchedFileHandler(path, encoding="utf-8", errors="backslashreplace")


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created).astimezone().isoformat(timespec="milliseconds")


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    fields: dict[str, Any] = getattr(record, "fields", {})
    return fields


class _Text(logging.Formatter):
    """`TIME LEVEL MESSAGE name=value ...`, on one line; a traceback follows on lines of its own."""

    def format(self, record: logging.LogRecord) -> str:
        words = [_time(record), record.levelname, _printable(record.getMessage())]
        words += [f"{name}={_quoted(str(value))}" for name, value in _fields(record).items()]
        if record.exc_info:
            words.append("\n" + self.formatException(record.exc_info))
        return " ".join(words)


class _Json(logging.Formatter):
    """One JSON object a line: time, level, logger, message, then the fields."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def _printable(text: str) -> str:
    """The text with what could start a new line or steer a terminal written out."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _quoted(text: str) -> str:
    if text and text.isprintable() and not set(text) & set(' "='):
        return text
    return json.dumps(text, ensure_ascii=not text.isprintable())
