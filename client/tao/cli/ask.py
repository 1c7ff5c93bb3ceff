"""`agent ask`: one question, one answer."""

import sys
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import click

from tao.agent import Agent
from tao.cli.allow import chosen_list
from tao.cli.answers import exit_code, overridden, print_answer
from tao.cli.interrupt import run_interruptible
from tao.cli.live import LiveSteps
from tao.cli.options import answering_options
from tao.cli.pages import Command
from tao.cli.terminal import confirm
from tao.cli.words import t
from tao.errors import ConfigError
from tao.events import Answer
from tao.settings import DialectName, Settings, StrategyName, load_settings
from tao.toolbox import Approver, ToolSpec
from tao_prompts import language_of

__all__ = ["ask"]

_MAX_STDIN = 200_000


@dataclass(frozen=True)
class _Options:
    config: Path | None
    servers: tuple[str, ...] | None
    model: str | None
    approve: str
    as_json: bool


@click.command(
    cls=Command,
    help=t(
        "Answer QUESTION (or what stands on stdin) in its own language. Steps go to stderr, the answer with "
        "its sources to stdout. Exit codes: 0 answered, 1 no answer, 2 usage or configuration, 3 model or "
        "server failure, 130 interrupted."
    ),
)
@click.argument("question", required=False)
@answering_options
def ask(
    question: str | None,
    config: Path | None,
    servers: tuple[str, ...],
    no_tools: bool,
    model: str | None,
    dialect: DialectName | None,
    strategy: StrategyName | None,
    max_steps: int | None,
    timeout: float | None,
    approve: str,
    quiet: bool,
    as_json: bool,
) -> int:
    """Read the options, run, print."""
    settings = overridden(
        load_settings(),
        agent={"max_steps": max_steps, "timeout": timeout, "strategy": strategy},
        model={"dialect": dialect},
    )
    config = config if no_tools else chosen_list(config)
    options = _Options(config, () if no_tools else servers or None, model, approve, as_json)
    text = question if question is not None else _from_stdin()
    live = None if quiet else LiveSteps(language_of(text))
    answer = run_interruptible(lambda: _answer(text, settings, options, live))
    print_answer(answer, as_json=options.as_json, shown=live.answer if live else "")
    return exit_code(answer)


async def _answer(question: str, settings: Settings, options: _Options, live: LiveSteps | None) -> Answer:
    agent = Agent.from_config(
        options.config,
        model=options.model,
        settings=settings,
        servers=options.servers,
        approve=_approver(options.approve),
    )
    answer: Answer | None = None
    async with agent, aclosing(agent.run(question)) as events:
        async for event in events:
            if live is not None:
                live.show(event)
            if isinstance(event, Answer):
                answer = event
    assert answer is not None, "a run ends with its answer"
    return answer


def _from_stdin() -> str:
    if sys.stdin is None or sys.stdin.isatty():
        raise ConfigError(t('Ask something: agent ask "QUESTION", or give the question on stdin.'))
    raw = sys.stdin.buffer.read(_MAX_STDIN + 1)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise ConfigError(t("The question on stdin is not UTF-8 (byte {byte}).", byte=exc.start)) from exc


def _approver(choice: str) -> Literal["deny", "auto"] | Approver:
    if choice == "auto":
        return "auto"
    if choice == "deny" or not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
        return "deny"
    return _ask_user


async def _ask_user(tool: ToolSpec, arguments: Mapping[str, Any]) -> bool:
    return await confirm(t("Allow {tool} with {arguments}?", tool=tool.name, arguments=dict(arguments)))
