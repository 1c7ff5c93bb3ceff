"""What the commands that answer share: settings of one call, and how an answer is printed."""

import sys
from collections.abc import Mapping
from typing import Any

import click

from tao.cli.live import source_lines
from tao.cli.terminal import say
from tao.events import Answer
from tao.settings import Settings
from tao_prompts import language_of

__all__ = ["exit_code", "overridden", "print_answer"]


def overridden(settings: Settings, **sections: Mapping[str, Any]) -> Settings:
    """The settings with those values of `sections` that are not None in place of theirs."""
    for name, values in sections.items():
        given = {key: value for key, value in values.items() if value is not None}
        section = getattr(settings, name).model_copy(update=given)
        settings = settings.model_copy(update={name: section})
    return settings


def exit_code(answer: Answer) -> int:
    """0 for an answer; 1 for none, and a question back to the user is none."""
    return 0 if answer.text and answer.stop_reason != "needs_input" else 1


def print_answer(answer: Answer, *, as_json: bool, shown: str) -> None:
    """Print an answer and its sources on stdout; `shown` is what stands on stderr of it already."""
    if as_json:
        click.echo(answer.model_dump_json())
        return
    # Where both streams are one terminal, the answer stands there already, word for word.
    if not (sys.stdout.isatty() and sys.stderr.isatty() and shown.strip() == answer.text):
        say(answer.text)
    sources = source_lines(answer, language_of(answer.question))
    if sources:
        click.echo(f"\n{sources}")
