"""The lines of a conversation: typed at a prompt, or piped in."""

import sys
from collections.abc import Iterator
from contextlib import suppress

import click

from tao.cli.terminal import printable, say
from tao.cli.words import t
from tao.errors import ConfigError

__all__ = ["consents", "piped_lines", "typed_lines"]

_MAX_LINE = 200_000


def typed_lines() -> Iterator[str]:
    """What the user types, line by line, with editing where the system has it; Ctrl-D ends it.

    Raises:
        KeyboardInterrupt: Ctrl-C at the prompt.
    """
    editor = _editor()
    while True:
        try:
            line = _typed("> ")
        except EOFError:
            click.echo(err=True)
            return
        except UnicodeDecodeError:
            say(t("That line is not in the encoding of this terminal; nothing was asked."), err=True)
            continue
        if editor is not None and line.strip():
            editor.add_history(line)
        yield line


def piped_lines() -> Iterator[str]:
    """The lines on stdin.

    Raises:
        ConfigError: a line is not UTF-8 or far too long, or there is no stdin.
    """
    if sys.stdin is None:
        raise ConfigError(t("There is no stdin to read questions from."))
    number = 0
    while raw := sys.stdin.buffer.readline(_MAX_LINE + 1):
        number += 1
        if len(raw) > _MAX_LINE:
            raise ConfigError(t("Line {number} on stdin is too long for a question.", number=number))
        try:
            yield raw.decode("utf-8-sig")
        except UnicodeDecodeError as exc:
            raise ConfigError(
                t("Line {number} on stdin is not UTF-8 (byte {byte}).", number=number, byte=exc.start)
            ) from exc


def consents(question: str) -> bool:
    """Ask on the terminal; only a `y` counts as consent.

    Raises:
        KeyboardInterrupt: Ctrl-C.
    """
    try:
        return _typed(f"{printable(question)} [y/N] ").strip().lower() in ("y", "yes")
    except (EOFError, UnicodeDecodeError):
        return False


def _typed(prompt: str) -> str:
    if sys.stdout.isatty():
        return input(prompt)
    # Answers may go to a file, in which no prompt belongs.
    click.echo(prompt, nl=False, err=True)
    return input()


class _Editor:
    """Line editing, with what was asked in its history; it is not kept beyond the process."""

    def __init__(self) -> None:
        import readline

        self._readline = readline
        with suppress(AttributeError):
            # Consent to a call is no question to go back to.
            readline.set_auto_history(False)

    def add_history(self, line: str) -> None:
        self._readline.add_history(line)


def _editor() -> _Editor | None:
    try:
        return _Editor()
    except ImportError:
        return None
