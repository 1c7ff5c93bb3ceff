"""Links, paths, code blocks and commands in the documentation are right."""

import ast
import importlib.util
import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest

from tao.cli.command import agent

_ROOT = Path(__file__).parent.parent.parent
_PAGES = sorted([*_ROOT.glob("*.md"), *_ROOT.glob("docs/**/*.md")])
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.*)$", re.MULTILINE)
_PATH = re.compile(r"(?:client|servers|prompts|tests|benchmarks|examples|docs)/[\w./]*")
_SERVERS = {
    "tao-info": ("tao_servers.get_info.command", "run"),
    "tao-knowledge": ("tao_servers.knowledge.command", "cli"),
    "tao-text2sql": ("tao_servers.text2sql.command", "run"),
    "tao-weather": ("tao_servers.weather.command", "run"),
}
_SEPARATORS = frozenset("|&;()<>")
_each_page = pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.relative_to(_ROOT).as_posix())


def _text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def _blocks(page: Path, *languages: str) -> Iterator[str]:
    return (body for language, body in _FENCE.findall(_text(page)) if language in languages)


def _prose(page: Path) -> str:
    return _FENCE.sub("", _text(page))


def _slug(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def _leads_nowhere(page: Path, link: str) -> bool:
    name, _, anchor = link.partition("#")
    target = (page.parent / name).resolve() if name else page
    if not target.is_relative_to(_ROOT) or not target.exists():
        return True
    return bool(anchor) and anchor not in {_slug(heading) for heading in _HEADING.findall(_prose(target))}


def _command(name: str) -> click.Command:
    if name == "agent":
        return agent
    module, attribute = _SERVERS[name]
    command: click.Command = getattr(import_module(module), attribute)
    return command


def _command_lines(page: Path) -> Iterator[list[str]]:
    """The commands of the shell blocks and of the code spans, cut into words."""
    for block in _blocks(page, "sh", "bash", "console", "shell"):
        for line in block.replace("\\\n", " ").splitlines():
            lexer = shlex.shlex(line.removeprefix("$ "), posix=True, punctuation_chars=True)
            lexer.whitespace_split = True
            yield from _split(list(lexer))
    for span in _SPAN.findall(_prose(page)):
        if span.startswith(("agent ", "make ", "python ", *(f"{name} " for name in _SERVERS))):
            yield from _split(shlex.split(span))


def _split(words: list[str]) -> Iterator[list[str]]:
    """The words between pipes and the like, without variables set in front of a command."""
    command: list[str] = []
    for word in [*words, ";"]:
        if word and set(word) <= _SEPARATORS:
            if command:
                yield command
            command = []
        elif command or not re.match(r"[A-Z_]+=", word):
            command.append(word)


def _check_click(command: click.Command, words: list[str]) -> None:
    """Follow the words down the command tree.

    Raises:
        click.UsageError: there is no such sub-command, option or choice.
    """
    context = click.Context(command)
    values, rest, _ = command.make_parser(context).parse_args(list(words))
    for parameter in command.params:
        value = values.get(parameter.name or "")
        if isinstance(parameter.type, click.Choice) and isinstance(value, str) and not value.isupper():
            parameter.type.convert(value, parameter, context)
    if isinstance(command, click.Group):
        if rest and not rest[0].isupper():
            found = command.get_command(context, rest[0])
            if found is None:
                raise click.UsageError(f"There is no command {rest[0]!r}.")
            _check_click(found, rest[1:])
    elif rest:
        raise click.UsageError(f"{rest} is too much.")


def _check_python(words: list[str]) -> None:
    if words[:1] == ["-m"]:
        ours = words[1].split(".")[0] in {"tao", "tao_servers", "benchmarks"}
        assert not ours or words[1].endswith("NAME") or importlib.util.find_spec(words[1]), words
    elif words and words[0].endswith(".py"):
        assert (_ROOT / words[0]).is_file(), words


def _check(words: list[str]) -> None:
    """Raise when the command cannot be right; commands of others are let pass."""
    name = words[0].rpartition("/")[2]
    if name == "agent" or name in _SERVERS:
        _check_click(_command(name), words[1:])
    elif name in {"python", "python3"}:
        _check_python(words[1:])
    elif name == "make":
        makefile = (_ROOT / "Makefile").read_text(encoding="utf-8")
        for target in (word for word in words[1:] if "=" not in word):
            assert re.search(rf"^{re.escape(target)}:", makefile, re.MULTILINE), target


@_each_page
def test_links_lead_somewhere(page: Path) -> None:
    links = [link for link in _LINK.findall(_prose(page)) if "://" not in link]
    assert [link for link in links if _leads_nowhere(page, link)] == []


@_each_page
def test_paths_exist(page: Path) -> None:
    paths = [span for span in _SPAN.findall(_prose(page)) if _PATH.fullmatch(span)]
    assert [path for path in paths if "NAME" not in path and not (_ROOT / path).exists()] == []


@_each_page
def test_code_blocks_can_be_read(page: Path) -> None:
    for body in _blocks(page, "python", "py"):
        compile(body, str(page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    for body in _blocks(page, "json"):
        json.loads(body)
    for body in _blocks(page, "toml"):
        tomllib.loads(body)


@_each_page
def test_commands_and_their_options_exist(page: Path) -> None:
    for words in _command_lines(page):
        _check(words)


def test_commands_are_found_in_blocks_and_in_spans() -> None:
    found = [" ".join(words) for words in _command_lines(_ROOT / "docs/models.md")]
    assert "agent model pull local-small" in found
    assert "agent ask --config cline_config.json 上海明天会下雨吗" in found
    assert "agent doctor" in found


@pytest.mark.parametrize(
    "line",
    [
        "agent aks",
        "agent ask --modle local",
        "agent ask one two",
        "agent config notepad",
        "agent model push",
        "tao-weather --prot 1",
        "tao-knowledge ingest --recursive x",
        "python examples/nothing.py",
        "python -m benchmarks.nothing",
        "make nothing",
    ],
)
def test_a_command_that_does_not_exist_is_noticed(line: str) -> None:
    with pytest.raises((click.UsageError, AssertionError)):
        _check(line.split())
