"""The command tree. A sub-command's module is loaded when it is called, so that `agent ask` starts fast."""

import gc
import sys
from importlib import import_module

import click

from tao.cli.failures import failure_line, show_usage_error
from tao.cli.pages import Group
from tao.cli.terminal import say
from tao.cli.words import t
from tao.errors import ConfigError, TaoError

__all__ = ["agent", "run"]

_COMMANDS = {
    "allow": ("tao.cli.allow", "allow", t("Let a server list of a folder start its programs.")),
    "ask": ("tao.cli.ask", "ask", t("Answer a question.")),
    "chat": ("tao.cli.chat", "chat", t("Hold a conversation.")),
    "config": ("tao.cli.config", "config", t("Configure another MCP host: print, write, remove.")),
    "doctor": ("tao.cli.doctor", "doctor", t("Try every part and say what to do.")),
    "model": ("tao.cli.model", "model_group", t("Get, list and stop the embedded models.")),
    "new-server": ("tao.cli.new_server", "new_server", t("Write a small server of your own.")),
    "servers": ("tao.cli.servers", "servers", t("List the servers, their tools and what these cost.")),
}


class _Lazy(Group):
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


def _about() -> str:
    purpose = t(
        "Tao answers questions from your own documents, databases and profiles: it thinks, calls the tools "
        "of MCP servers, reads what they return and answers with its sources."
    )
    start = t(
        "First run `agent doctor`, which says what is missing. Set TAO_MODEL_BASE_URL if you have a model; "
        'else `agent model pull` gets a small one. Then: agent ask "QUESTION"'
    )
    other = t("Ask in Chinese or English. 中文界面：LC_ALL=zh_CN.UTF-8 agent --help")
    return "\n\n".join((purpose, start, other))


@click.command(
    cls=_Lazy,
    help=_about(),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="tao-agent", prog_name="agent", help=t("Show the version and exit."))
def agent() -> None:
    """Hold the commands."""


def run() -> None:
    """Run the command line and turn a failure into its line on stderr and an exit code."""
    _use_utf8()
    gc.freeze()
    gc.enable()
    try:
        code = agent.main(prog_name="agent", standalone_mode=False)
    except click.exceptions.Abort:
        # On a line of its own: the one that was being written has no end.
        say("\n" + t("Interrupted."), err=True)
        code = 130
    except click.ClickException as exc:
        show_usage_error(exc)
        code = 2
    except TaoError as exc:
        say(failure_line(exc), err=True)
        code = 2 if isinstance(exc, ConfigError) else 3
    sys.exit(code if isinstance(code, int) else 0)


def _use_utf8() -> None:
    # A terminal set to another encoding must not make a Chinese answer fail.
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")
