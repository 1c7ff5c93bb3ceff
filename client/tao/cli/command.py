"""The command tree. A sub-command's module is loaded when it is called, so that `agent ask` starts fast."""

import gc
import sys
from importlib import import_module

import click

from tao.cli.terminal import say
from tao.errors import ConfigError, TaoError

__all__ = ["agent", "run"]

_COMMANDS = {
    "allow": ("tao.cli.allow", "allow", "Let a server list of a folder start its programs."),
    "ask": ("tao.cli.ask", "ask", "Answer a question."),
    "config": ("tao.cli.config", "config", "Configure another MCP host: print, write, remove."),
    "doctor": ("tao.cli.doctor", "doctor", "Try every part and say what to do."),
    "model": ("tao.cli.model", "model_group", "Get, list and stop the embedded models."),
    "servers": ("tao.cli.servers", "servers", "List the servers, their tools and what these cost."),
}


class _Lazy(click.Group):
    """A group whose commands are imported on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, name, _ = _COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, _COMMANDS[name][2]) for name in sorted(_COMMANDS)])


@click.command(
    cls=_Lazy,
    help="Tao answers questions from your own data: it thinks, acts through MCP servers, observes, answers. "
    "用中文或英文提问均可。",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="tao-agent", prog_name="agent")
def agent() -> None:
    """Hold the commands."""


def run() -> None:
    """Run the command line and turn a failure into one line on stderr and an exit code."""
    _use_utf8()
    gc.freeze()
    gc.enable()
    try:
        code = agent.main(standalone_mode=False)
    except click.exceptions.Abort:
        code = 130
    except click.ClickException as exc:
        exc.show()
        code = 2
    except ConfigError as exc:
        say(f"agent: {exc}", err=True)
        code = 2
    except TaoError as exc:
        say(f"agent: {exc}", err=True)
        code = 3
    sys.exit(code if isinstance(code, int) else 0)


def _use_utf8() -> None:
    # A terminal set to another encoding must not make a Chinese answer fail.
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")
