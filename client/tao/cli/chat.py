"""`agent chat`: a conversation in the terminal."""

import re
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Literal

import click

from tao.agent import Agent
from tao.cli.allow import chosen_list
from tao.cli.answers import exit_code, overridden, print_answer
from tao.cli.conversing import Conversing, Doubt
from tao.cli.failures import failure_line
from tao.cli.lines import consents, piped_lines, typed_lines
from tao.cli.live import LiveSteps
from tao.cli.options import answering_options
from tao.cli.pages import Command
from tao.cli.terminal import say
from tao.cli.words import t
from tao.errors import ConfigError, TaoError
from tao.runs import conversation, last_run, rate
from tao.settings import Settings, load_settings, state_dir
from tao.toolbox import Approver
from tao_prompts import language_of

__all__ = ["Session", "chat"]

_LAST = "last"
# Anything longer is a question that happens to begin with a slash, such as a path.
_COMMAND = re.compile(r"/[A-Za-z?]*")


@click.command(
    cls=Command,
    help=t(
        "Ask again and again; each question goes on from the answer before it, while servers and model stay "
        "open. Steps go to stderr, answers with their sources to stdout. /help lists the commands at the "
        "prompt. Ctrl-C stops an answer, and at the prompt it leaves, as Ctrl-D does.\n\nWithout a terminal, "
        "each line on stdin is a question. Exit codes: 0 left by Ctrl-D or /exit, 130 by Ctrl-C; without a "
        "terminal that of the last question, as in `agent ask`."
    ),
)
@click.option(
    "--continue",
    "go_on",
    metavar="[RUN_ID]",
    is_flag=False,
    flag_value=_LAST,
    help=t("Go on from the last answer, or from that of a run."),
)
@click.option(
    "--memory",
    is_flag=True,
    help=t("Show the model your earlier answers to like questions that you rated /good."),
)
@answering_options
def chat(go_on: str | None, quiet: bool, as_json: bool, approve: str, **given: Any) -> int:
    """Read the options, open the agent, converse."""
    typed = bool(sys.stdin and sys.stdin.isatty())
    runs = state_dir() / "runs"
    after = _begin(runs, go_on)
    conversing = Conversing(_user_consents)
    agent = _agent(given, _approver(approve, conversing))
    session = Session(conversing, runs, after, typed=typed, quiet=quiet, as_json=as_json)
    try:
        with _terminable(), conversing.opened(agent):
            if typed and not quiet:
                say(t("Ask away. /help lists the commands, Ctrl-D leaves."), err=True)
            return session.converse(typed_lines() if typed else piped_lines())
    except KeyboardInterrupt as exc:
        raise click.Abort from exc


@dataclass
class Session:
    """What is said between two people and when: the questions, the commands, the exit code."""

    conversing: Conversing
    runs: Path
    after: str | None
    typed: bool
    quiet: bool
    as_json: bool
    rateable: str | None = None

    def __post_init__(self) -> None:
        self.rateable = self.after

    def converse(self, lines: Iterable[str]) -> int:
        """Take each line as a question or a command; the exit code."""
        code = 0
        for line in lines:
            text = line.strip()
            if _COMMAND.fullmatch(text):
                if not self._obey(text.lower()):
                    break
            elif text:
                code = self._ask(text)
        return 0 if self.typed else code

    def _ask(self, question: str) -> int:
        live = LiveSteps(language_of(question))
        try:
            answer = self.conversing.ask(
                question, self.after, (lambda event: None) if self.quiet else live.show
            )
            self.after = self.rateable = answer.run_id
            print_answer(answer, as_json=self.as_json, shown=live.answer)
            return exit_code(answer)
        except TaoError as exc:
            live.close()
            say(failure_line(exc), err=True)
            return 2 if isinstance(exc, ConfigError) else 3
        except KeyboardInterrupt:
            live.close()
            if not self.typed:
                raise
            say(t("Stopped."), err=True)
            return 130

    def _obey(self, command: str) -> bool:
        match command:
            case "/exit" | "/quit":
                return False
            case "/new":
                self.after = None
                say(t("A new conversation."), err=True)
            case "/good" | "/bad":
                self._rate(command == "/good")
            case "/help" | "/?" | "/":
                say(_help(), err=True)
            case _:
                say(t("There is no command {name}.", name=command) + "\n" + _help(), err=True)
        return True

    def _rate(self, good: bool) -> None:
        if self.rateable is None:
            say(t("There is no answer to rate yet."), err=True)
            return
        try:
            rate(self.runs, self.rateable, good)
        except ConfigError as exc:
            say(failure_line(exc), err=True)
            return
        say(t("The last answer is rated good.") if good else t("The last answer is rated bad."), err=True)


def _help() -> str:
    return "\n".join(
        [
            t("/new   begin a new conversation"),
            t("/good  the last answer was good; with --memory it is shown to the model at like questions"),
            t("/bad   the last answer was bad"),
            t("/help  show this"),
            t("/exit  leave"),
        ]
    )


def _begin(runs: Path, go_on: str | None) -> str | None:
    """The run to go on from.

    Raises:
        ConfigError: there is no such run.
    """
    if go_on is None:
        return None
    run_id = last_run(runs) if go_on == _LAST else go_on
    if run_id is None:
        say(t("There is no earlier answer; this is a new conversation."), err=True)
        return None
    turns = conversation(runs, run_id)
    if turns:
        say(t("Going on after: {question}", question=turns[-1].question), err=True)
    return run_id


def _agent(given: dict[str, Any], approve: Literal["deny", "auto"] | Approver) -> Agent:
    agent: dict[str, Any] = {name: given[name] for name in ("max_steps", "timeout", "strategy")}
    agent["memory"] = True if given["memory"] else None
    settings: Settings = overridden(load_settings(), agent=agent, model={"dialect": given["dialect"]})
    alone = given["no_tools"]
    return Agent.from_config(
        given["config"] if alone else chosen_list(given["config"]),
        model=given["model"],
        settings=settings,
        servers=() if alone else given["servers"] or None,
        approve=approve,
    )


def _approver(choice: str, conversing: Conversing) -> Literal["deny", "auto"] | Approver:
    if choice == "auto":
        return "auto"
    if choice == "deny" or not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
        return "deny"
    return conversing.approve


def _user_consents(doubt: Doubt) -> bool:
    return consents(t("Allow {tool} with {arguments}?", tool=doubt.tool, arguments=dict(doubt.arguments)))


@contextmanager
def _terminable() -> Iterator[None]:
    """Within this block SIGTERM leaves as Ctrl-C at the prompt does, so that what is open gets closed."""

    def leave(number: int, frame: FrameType | None) -> None:
        # A second one must not break off the closing.
        signal.signal(number, signal.SIG_IGN)
        raise click.Abort

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
