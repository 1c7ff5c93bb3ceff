"""Commands whose help pages and usage errors are in the interface language, Chinese wrapped by columns."""

import re
import unicodedata
from collections.abc import Iterable

import click

from tao.cli.words import t

__all__ = ["Command", "Group", "wrapped"]

_WIDE = "\u2e80-\uffef"
# A run of Latin text or one Chinese character, with the punctuation that must not be torn off it.
_UNIT = re.compile(rf" +|[（《“]*(?:[^ {_WIDE}“”]+|[{_WIDE}])[，。、；：？！）》”]*|.")


class _Formatter(click.HelpFormatter):
    """Click counts characters and breaks at spaces, of which Chinese has none."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, t("Usage: ") if prefix is None else prefix)

    def write_heading(self, heading: str) -> None:
        titles = {"Options": t("Options:"), "Commands": t("Commands:")}
        self.write(f"{'':>{self.current_indent}}{titles.get(heading, f'{heading}:')}\n")

    def write_text(self, text: str) -> None:
        super().write_text(_fixed(text, self.width - self.current_indent))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        rows = list(rows)
        first = min(max((len(row[0]) for row in rows), default=0), col_max) + col_spacing
        width = max(self.width - first - self.current_indent, 10)
        super().write_dl([(name, _fixed(text, width)) for name, text in rows], col_max, col_spacing)


class _Context(click.Context):
    formatter_class = _Formatter


class Command(click.Command):
    """A command with such a help page."""

    context_class = _Context

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Click's own option, described in the interface language."""
        return _described(super().get_help_option(ctx))


class Group(click.Group):
    """A group of such commands; an unknown one is answered with those that there are."""

    context_class = _Context
    command_class = Command

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Click's own option, described in the interface language."""
        return _described(super().get_help_option(ctx))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments begin with.

        Raises:
            click.UsageError: there is none.
        """
        wrong = args[0][:1].isalnum() and self.get_command(ctx, args[0]) is None
        if wrong and not ctx.resilient_parsing:
            known = ", ".join(self.list_commands(ctx))
            ctx.fail(t("There is no command {name!r}. There are: {known}.", name=args[0], known=known))
        return super().resolve_command(ctx, args)


def wrapped(text: str, width: int) -> list[str]:
    """`text` as lines of at most `width` columns, where a Chinese character takes two."""
    lines = [""]
    for unit in _UNIT.findall(" ".join(text.split())):
        if lines[-1] and _columns(lines[-1] + unit.rstrip()) > width:
            lines.append("")
        lines[-1] += unit if lines[-1] else unit.lstrip()
    return [line.rstrip() for line in lines]


def _fixed(text: str, width: int) -> str:
    # What follows a line with a backspace is left as it is by click.
    if text.isascii():
        return text
    return "\n\n".join("\b\n" + "\n".join(wrapped(part, width)) for part in text.split("\n\n"))


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _described(option: click.Option | None) -> click.Option | None:
    if option is not None:
        option.help = t("Show this message and exit.")
    return option
