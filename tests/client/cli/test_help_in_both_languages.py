import unicodedata

import click
import pytest
from click.testing import CliRunner, Result

from tao.cli.pages import Command, Group, wrapped
from tao.cli.words import speaking
from tao_prompts import Language


def columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def help_of(command: click.Command, language: Language, *arguments: str) -> Result:
    with speaking(language):
        return CliRunner().invoke(command, [*arguments, "--help"], terminal_width=60)


LONG = "第一段很长，" * 20 + "到此为止。\n\n第二段。"


@pytest.fixture
def tree() -> Group:
    """A group with one command."""
    option = click.Option(["--speed"], help="每秒走多少步；" * 10)
    command = Command("walk", params=[option], help=LONG)
    return Group("go", commands={"walk": command}, help="Goes.")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Usage: go ", "Options:\n", "Commands:\n", "Show this message and exit.")),
        ("zh", ("用法：go ", "选项：\n", "命令：\n", "显示帮助并退出。")),
    ],
)
def test_the_frame_of_a_page_follows_the_language(
    tree: Group, language: Language, words: tuple[str, ...]
) -> None:
    shown = help_of(tree, language)
    assert shown.exit_code == 0
    for word in words:
        assert word in shown.output


def test_chinese_help_fits_the_terminal_and_keeps_its_paragraphs(tree: Group) -> None:
    shown = help_of(tree, "zh", "walk").output
    assert max(columns(line) for line in shown.splitlines()) <= 60
    assert "到此为止。\n\n  第二段。\n" in shown
    assert "每秒走多少步" in shown


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_unknown_command_is_answered_with_the_known_ones(tree: Group, language: Language) -> None:
    with speaking(language):
        shown = CliRunner().invoke(tree, ["run"])
    assert shown.exit_code == 2
    assert "'run'" in shown.stderr
    assert "walk" in shown.stderr


@pytest.mark.parametrize("word", ["", "-", "--", "走", "\x1b[8m", "x" * 10_000])
def test_an_odd_command_name_is_wrong_use(tree: Group, word: str) -> None:
    assert CliRunner().invoke(tree, [word]).exit_code == 2


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("", 10, [""]),
        ("一二三四五六", 8, ["一二三四", "五六"]),
        ("一二三四，五", 8, ["一二三", "四，五"]),
        ("用 --config 指明", 10, ["用", "--config", "指明"]),
        ("见（cline）的说明。", 8, ["见", "（cline）", "的说明。"]),
        ("a b  c\nd", 80, ["a b c d"]),
        ("averylongword", 4, ["averylongword"]),
        ("一二", 1, ["一", "二"]),
    ],
)
def test_lines_break_between_chinese_characters_and_not_before_punctuation(
    text: str, width: int, expected: list[str]
) -> None:
    assert wrapped(text, width) == expected
