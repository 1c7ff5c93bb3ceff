import csv
import json
import shlex
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from string import Template
from typing import Any

import pytest
from click.testing import CliRunner, Result
from mcp import Client

import tao.scaffold
from tao.cli.new_server import new_server
from tao.cli.words import speaking
from tao.errors import ConfigError
from tao.scaffold import better_name, fault_of, write_project
from tao.toolbox import load_servers
from tao_prompts import Language

_TEMPLATE = Path(tao.scaffold.__file__).with_name("template")
_FILES = {
    "README.md",
    "cline_config.json",
    "my_units/__init__.py",
    "my_units/__main__.py",
    "my_units/command.py",
    "my_units/server.py",
    "my_units/units.csv",
    "my_units/units.py",
    "pyproject.toml",
    "tests/test_server.py",
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in which we are."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def run(*arguments: str, language: Language = "en") -> Result:
    with speaking(language):
        return CliRunner().invoke(new_server, arguments)


def refusal(*arguments: str, language: Language = "en") -> str:
    shown = run(*arguments, language=language)
    assert isinstance(shown.exception, ConfigError), shown.output
    assert shown.stdout == ""
    return str(shown.exception)


def files_below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_all_files_are_there_and_the_folder_is_on_stdout(here: Path) -> None:
    shown = run("my_units")
    assert shown.exit_code == 0, shown.output
    assert shown.stdout == f"{here / 'my_units'}\n"
    assert files_below(here) == {f"my_units/{file}" for file in _FILES}
    for file in _FILES:
        assert f"  {file}\n" in shown.stderr


def test_it_can_be_made_in_another_folder(here: Path, tmp_path: Path) -> None:
    other = tmp_path / "我的 服务's"
    other.mkdir()
    assert run("my_units", "--into", str(other)).exit_code == 0
    assert files_below(other) == {f"my_units/{file}" for file in _FILES}
    assert files_below(here) == set()


@pytest.mark.parametrize(
    ("language", "said", "readme"),
    [("en", "It runs as it is.", "## Change it"), ("zh", "现在就能运行。", "## 修改")],
)
def test_message_and_readme_are_in_the_language_of_the_terminal(
    here: Path, language: Language, said: str, readme: str
) -> None:
    shown = run("my_units", language=language)
    assert said in shown.stderr
    assert readme in (here / "my_units/README.md").read_text(encoding="utf-8")


def test_the_next_commands_can_be_pasted(tmp_path: Path) -> None:
    folder = tmp_path / "我的 服务's"
    folder.mkdir()
    made = json.loads(run("my_units", "--into", str(folder), "--json").stdout)
    assert (made["name"], made["path"]) == ("my_units", str(folder / "my_units"))
    assert set(made["files"]) == _FILES
    words = {name: shlex.split(command) for name, command in made["commands"].items()}
    for name in ("ask", "cline", "codex"):
        assert made["config"] in words[name]
    assert words["codex"][1:] == ["config", "codex", "--config", made["config"]]
    assert words["http"][:4] == ["cd", made["path"], "&&", sys.executable]
    assert words["test"] == [sys.executable, "-m", "pytest", made["path"]]


def test_the_server_list_starts_this_python_and_finds_the_package_from_anywhere(here: Path) -> None:
    run("my_units")
    entry = load_servers(here / "my_units/cline_config.json")["my_units"]
    assert (entry.command, entry.args) == (sys.executable, ("-m", "my_units"))
    assert entry.env == {"PYTHONPATH": str(here / "my_units")}
    assert entry.auto_approve == ("convert",)


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Any]]:
    """Makes the server of a new project, imported into this process."""
    project = write_project("fresh_units", tmp_path, python=sys.executable, version="0", language="en")
    monkeypatch.syspath_prepend(str(project.folder))
    units, server = import_module("fresh_units.units"), import_module("fresh_units.server")
    yield lambda: server.build_server(units.load_units(units.BUILT_IN))
    for name in [name for name in sys.modules if name.partition(".")[0] == "fresh_units"]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("amount", "old", "new", "converted", "text"),
    [
        (5, "英亩", "亩", 30.351423168, "5 acre = 30.351423168 亩"),
        (1, "pounds", "斤", 0.90718474, "1 lb = 0.90718474 斤"),
        (-2.5, " KM ", "里", -5.0, "-2.5 km = -5 里"),
        (1, "US gallon", "升", 3.785411784, "1 gal = 3.785411784 L"),
    ],
)
async def test_the_new_server_says_the_same_in_both_forms(
    build: Callable[[], Any], amount: float, old: str, new: str, converted: float, text: str
) -> None:
    async with Client(build()) as client:
        reply = await client.call_tool("convert", {"amount": amount, "from_unit": old, "to_unit": new})
    assert reply.structured_content is not None
    assert reply.structured_content["converted"] == converted
    assert text in str(reply.content)


async def test_the_new_server_tells_the_model_what_was_wrong(build: Callable[[], Any]) -> None:
    async with Client(build()) as client:
        (tool,) = (await client.list_tools()).tools
        reply = await client.call_tool("convert", {"amount": 1, "from_unit": "metrr", "to_unit": "斤"})
    assert tool.annotations is not None
    assert tool.annotations.read_only_hint
    assert reply.is_error
    assert "Did you mean: metre" in str(reply.content)


def test_no_unit_of_the_table_has_the_name_of_another() -> None:
    with (_TEMPLATE / "package/units.csv.template").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = [name.casefold() for row in rows for name in [row["symbol"], *row["names"].split("|")]]
    assert len(rows) > 30
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        ".",
        "..",
        "../x",
        "/tmp/x",
        "a/b",
        "a\\b",
        "a b",
        "a.b",
        "a-b",
        "A",
        "1a",
        "_a",
        "a_",
        "a__b",
        "单位",
        "ｕｎｉｔｓ",
        "é",
        "a\n",
        "a\x00",
        "\x1b[8m",
        "\u202e",
        "\udcff",
        "$name",
        "{name}",
        "a" * 41,
        "a" * 300,
        "../" * 10_000,
    ],
)
def test_a_name_of_the_wrong_form_is_refused(here: Path, name: str) -> None:
    said = refusal("--", name)
    assert "a letter first" in said
    assert said.isprintable()
    assert len(said) < 400
    assert list(here.iterdir()) == []
    assert "以字母开头" in refusal("--", name, language="zh")


@pytest.mark.parametrize("name", ["class", "import", "lambda"])
def test_a_word_of_python_is_refused(here: Path, name: str) -> None:
    assert "a word of Python" in refusal(name)
    assert "Python 的关键字" in refusal(name, language="zh")
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["json", "test", "sys", "mcp", "tao", "tao_servers", "click", "pytest", "tests", "con", "lpt1"]
)
def test_a_name_that_would_hide_another_module_is_refused(here: Path, name: str) -> None:
    assert "is taken" in refusal(name)
    assert "已被别的模块或系统占用" in refusal(name, language="zh")
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("name", ["x", "units", "my_units", "a1_b2", "type", "a" * 40])
def test_other_names_can_be_used(name: str) -> None:
    assert fault_of(name) is None


@pytest.mark.parametrize(
    ("name", "better"),
    [
        ("My Units", "my_units"),
        ("MyUnits", "my_units"),
        ("my-units.py", "my_units_py"),
        ("../units", "units"),
        ("2nd", "nd"),
        ("json", "json_server"),
        ("class", "class_server"),
        ("单位", None),
        ("", None),
        ("___", None),
        ("a" * 300, "a" * 40),
    ],
)
def test_a_name_that_can_be_used_is_suggested(name: str, better: str | None) -> None:
    assert better_name(name) == better
    if better is not None and fault_of(name) is not None:
        assert f"How about {better!r}?" in refusal("--", name)


def test_what_is_there_already_is_left_alone(here: Path) -> None:
    folder, file, link = here / "folder", here / "file", here / "link"
    folder.mkdir()
    file.write_text("mine", encoding="utf-8")
    link.symlink_to("nowhere")
    for name in ("folder", "file", "link"):
        assert "is there already" in refusal(name)
        assert "已经存在" in refusal(name, language="zh")
    assert list(folder.iterdir()) == []
    assert file.read_text(encoding="utf-8") == "mine"
    assert link.is_symlink()


def test_a_second_run_changes_nothing(here: Path) -> None:
    run("my_units")
    (here / "my_units/my_units/server.py").write_text("mine", encoding="utf-8")
    refusal("my_units")
    assert (here / "my_units/my_units/server.py").read_text(encoding="utf-8") == "mine"
    assert [path.name for path in here.iterdir()] == ["my_units"]


def test_nothing_is_left_of_a_project_that_could_not_be_written(here: Path) -> None:
    with pytest.raises(UnicodeEncodeError):
        write_project("my_units", here, python=sys.executable, version="\udcff", language="en")
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("into", ["nowhere", "file"])
def test_a_folder_that_is_none_is_named(here: Path, into: str) -> None:
    (here / "file").touch()
    assert repr(into) in refusal("my_units", "--into", into)
    assert "请先建好它" in refusal("my_units", "--into", into, language="zh")


@pytest.mark.skipif(sys.platform != "linux", reason="needs a folder that not even root can write to")
def test_a_folder_that_cannot_be_written_is_named() -> None:
    assert "Cannot write to '/proc'" in refusal("my_units", "--into", "/proc")
    assert "无法写入 '/proc'" in refusal("my_units", "--into", "/proc", language="zh")


@pytest.mark.skipif(sys.platform == "win32", reason="a name that Windows does not allow")
@pytest.mark.parametrize("folder", ["a:b", "a\nb", "\udcff"])
def test_a_folder_that_hosts_could_not_be_told_is_refused(tmp_path: Path, folder: str) -> None:
    into = tmp_path / folder
    into.mkdir()
    assert "cannot stand in PYTHONPATH" in refusal("my_units", "--into", str(into))
    assert list(into.iterdir()) == []


def test_every_file_of_the_template_is_filled_strictly() -> None:
    sources = sorted(path for path in _TEMPLATE.rglob("*") if path.is_file())
    wanted = set[str]()
    for source in sources:
        assert source.suffix == ".template"
        template = Template(source.read_text(encoding="utf-8"))
        assert template.is_valid(), source
        wanted.update(template.get_identifiers())
    assert wanted == {"name", "script", "title", "version"}
