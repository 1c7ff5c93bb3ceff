"""The user's terminal: text from elsewhere made safe for it, and a question that does not hold up the end."""

import os
import threading
import unicodedata
from asyncio import get_running_loop

import anyio
import click

__all__ = ["confirm", "printable", "say"]


def printable(text: str) -> str:
    """`text` without control characters: what a tool or a model says must not drive the terminal."""
    return "".join(c if c in "\n\t" or _is_shown(c) else "\ufffd" for c in text)


def say(text: str, *, err: bool = False) -> None:
    """Print text that may come from a server, a model or a file."""
    click.echo(printable(text), err=err)


async def confirm(question: str) -> bool:
    """Ask on the terminal; only a `y` counts as consent. Cancelling stops the waiting."""
    say(f"{question} [y/N] ", err=True)
    answers: list[bytes] = []
    answered = anyio.Event()
    loop = get_running_loop()

    def read() -> None:
        answers.append(os.read(0, 1024))
        loop.call_soon_threadsafe(answered.set)

    # A daemon thread that reads the descriptor itself: neither it nor a lock on stdin outlives the process.
    threading.Thread(target=read, daemon=True).start()
    await answered.wait()
    return answers[0].strip().lower() in (b"y", b"yes")


def _is_shown(character: str) -> bool:
    # The wide space of Chinese text counts as unprintable, like every space but the ASCII one.
    return character.isprintable() or unicodedata.category(character) == "Zs"
