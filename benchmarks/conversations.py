"""How many turns of conversations over the example data are right.

`python -m benchmarks.conversations [--model local] [--only NAME] [--json]`. The price list is ingested, the
shop database made, and the servers of cline_config.json started on them, all in a folder that is deleted in
the end. The conversations and what must be in each answer stand in conversations.toml. The transcripts go to
stderr. The last line is JSON; `unsupported` is what an answer says that no tool said in that turn: a right
answer may still be a guess.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import anyio
import click
from pydantic import BaseModel, ConfigDict, Field

from tao import Agent
from tao.agent import named_model
from tao.errors import TaoError
from tao.settings import load_settings

_ROOT = Path(__file__).parent.parent
_SETUP_SECONDS = 300
_GROUPING = re.compile(r"(?<=\d)[, ](?=\d{3}(?!\d))")


class Turn(BaseModel):
    """What is asked, and what makes an answer right."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    question: str
    all: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    stop_reason: str | None = None

    def is_right(self, text: str, stop_reason: str) -> bool:
        """Whether an answer meets all that is expected of it."""
        if self.stop_reason is not None and stop_reason != self.stop_reason:
            return False
        said = _plain(text)
        return (
            all(_stands_in(wanted, said) for wanted in self.all)
            and (not self.any or any(_stands_in(wanted, said) for wanted in self.any))
            and not any(_stands_in(banned, said) for banned in self.none)
        )


class Conversation(BaseModel):
    """Turns that follow one another."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    language: str
    turns: tuple[Turn, ...] = Field(alias="turn", min_length=1)


def load_conversations(path: Path) -> list[Conversation]:
    """The conversations of a TOML file."""
    value = tomllib.loads(path.read_text(encoding="utf-8"))
    return [Conversation.model_validate(one) for one in value["conversation"]]


def _plain(text: str) -> str:
    return _GROUPING.sub("", unicodedata.normalize("NFKC", text).casefold())


def _stands_in(wanted: str, said: str) -> bool:
    # 29 does not stand in 2999, nor in 29.5; it does in "29." and "29元".
    pattern = re.escape(_plain(wanted))
    before = r"(?<![\d.])" if wanted[0].isdigit() else ""
    after = r"(?!\d|\.\d*[1-9])" if wanted[-1].isdigit() else ""
    return re.search(before + pattern + after, said) is not None


def prepare(folder: Path) -> Path:
    """Make the example data in `folder`, and a list of the servers on it; returns the list's path."""
    shop, knowledge = folder / "shop.sqlite", folder / "knowledge"
    examples = _ROOT / "examples"
    (folder / "shop.yaml").write_bytes((examples / "shop.yaml").read_bytes())
    places = {"TAO_KNOWLEDGE_PATH": str(knowledge)}
    _run(examples / "make_shop.py", shop, environ=places)
    _run("-m", "tao_servers.knowledge", "ingest", examples / "价格表.txt", environ=places)
    config = json.loads((_ROOT / "cline_config.json").read_text(encoding="utf-8"))
    for entry in config["mcpServers"].values():
        entry["command"] = sys.executable
        entry["args"] = [str(shop) if arg.endswith("shop.sqlite") else arg for arg in entry["args"]]
        paths = os.environ.get("PYTHONPATH", "")
        entry["env"] = places | ({"PYTHONPATH": paths} if paths else {})
    path = folder / "servers.json"
    path.write_text(json.dumps(config, ensure_ascii=False), encoding="utf-8")
    return path


def _run(*words: str | Path, environ: Mapping[str, str]) -> None:
    subprocess.run(
        [sys.executable, *map(str, words)],
        check=True,
        cwd=_ROOT,
        env=os.environ | environ,
        stdout=sys.stderr,
        timeout=_SETUP_SECONDS,
    )


async def hold(agent: Agent, conversation: Conversation) -> list[dict[str, Any]]:
    """Ask the turns one after another, each going on from the one before that was answered."""
    told: list[dict[str, Any]] = []
    after: str | None = None
    for turn in conversation.turns:
        begun = time.perf_counter()
        unsupported: tuple[str, ...] = ()
        try:
            answer = await agent.ask(turn.question, after=after)
            text, reason, after = answer.text, str(answer.stop_reason), answer.run_id
            unsupported = answer.unsupported
        except TaoError as exc:
            text, reason = f"({exc})", "error"
        seconds = time.perf_counter() - begun
        right = reason != "error" and turn.is_right(text, reason)
        told.append(
            {
                "question": turn.question,
                "answer": text,
                "stop_reason": reason,
                "right": right,
                "unsupported": list(unsupported),
                "seconds": round(seconds, 1),
            }
        )
        _say(f"  > {turn.question}\n  {'+' if right else '-'} {text} ({reason}, {seconds:.0f} s)")
    return told


async def hold_all(agent: Agent, conversations: Sequence[Conversation]) -> dict[str, Any]:
    """Hold the conversations, and count the turns that were right."""
    held = []
    right: list[bool] = []
    for number, conversation in enumerate(conversations, start=1):
        _say(f"{number}/{len(conversations)} {conversation.name} ({conversation.language})")
        turns = await hold(agent, conversation)
        held.append({"name": conversation.name, "turns": turns})
        right += [turn["right"] for turn in turns]
    return {"conversations": held, "turns": len(right), "right": sum(right)}


@click.command()
@click.option("--model", default="local", show_default=True, help="Embedded, or of the endpoint.")
@click.option("--only", default="", help="Only the conversations whose name holds this.")
@click.option("--json", "as_json", is_flag=True, help="No summary, only the JSON object.")
def main(model: str, only: str, as_json: bool) -> None:
    """Hold ten conversations over the example data."""
    conversations = load_conversations(Path(__file__).with_suffix(".toml"))
    conversations = [one for one in conversations if only in one.name]

    async def work(config: Path) -> dict[str, Any]:
        settings = named_model(load_settings(), model)
        async with Agent.from_config(config, settings=settings) as agent:
            return await hold_all(agent, conversations)

    try:
        with tempfile.TemporaryDirectory() as folder:
            figures = anyio.run(work, prepare(Path(folder)))
    except TaoError as exc:
        raise click.ClickException(str(exc)) from exc
    if not as_json:
        print(f"{figures['right']} of {figures['turns']} turns were right.")
    print(json.dumps(figures, ensure_ascii=False))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
