from pathlib import Path

import click
import pytest

from tao.cli.failures import failure_line, show_usage_error
from tao.cli.pages import Command, Group
from tao.cli.words import speaking
from tao.errors import ConfigError, ModelError, ServerError, TaoError
from tao.toolbox.approved_lists import UnapprovedListError
from tao_prompts import Language

FAILURES: list[tuple[TaoError, str, str]] = [
    (ConfigError("Seen."), "配置或用法有误：", ""),
    (UnapprovedListError(Path("l.json"), changed=True), "配置或用法有误：", "agent allow l.json"),
    (ModelError("Seen."), "模型出错：", "agent doctor"),
    (ModelError("Seen.", status=401), "模型出错：", "TAO_MODEL_API_KEY"),
    (ModelError("Seen.", status=404), "模型出错：", "TAO_MODEL_BASE_URL"),
    (ModelError("Seen.", status=429), "模型出错：", "稍后再试"),
    (ModelError("Seen.", status=503), "模型出错：", "日志"),
    (ModelError("Seen.", status=400), "模型出错：", ""),
    (ServerError("Seen.", server="weather"), "服务出错：", "'weather'"),
    (TaoError("Seen {x} \u202e."), "出错了：", ""),
]


@pytest.mark.parametrize(("exc", "lead", "hint"), FAILURES)
def test_a_failure_in_chinese_has_its_kind_and_what_to_do(exc: TaoError, lead: str, hint: str) -> None:
    with speaking("zh"):
        first, _, second = failure_line(exc).partition("\n")
    assert first == f"agent: {lead}{exc}"
    assert bool(second) == bool(hint)
    assert hint in second


@pytest.mark.parametrize("exc", [exc for exc, _, _ in FAILURES])
def test_a_failure_in_english_is_as_it_was_raised(exc: TaoError) -> None:
    assert failure_line(exc) == f"agent: {exc}"


@pytest.fixture
def tree() -> Group:
    """A command with an option of each kind that can be wrong."""
    speed = click.Option(["--speed"], type=click.IntRange(min=1))
    gait = click.Option(["--gait"], type=click.Choice(["trot", "walk"]))
    place = click.Argument(["place"], metavar="PLACE")
    return Group("go", commands={"there": Command("there", params=[speed, gait, place])})


def shown(tree: Group, language: Language, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    with speaking(language):
        with pytest.raises(click.ClickException) as caught:
            tree.main(arguments, prog_name="go", standalone_mode=False)
        show_usage_error(caught.value)
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["there", "--spede", "1"], "没有选项 --spede。是不是想用 --speed？"),
        (["there", "--zzzz"], "没有选项 --zzzz。"),
        (["there"], "缺少 'PLACE'。"),
        (["there", "--gait", "fly", "x"], "'--gait' 的值不对，可选的值：trot, walk。"),
        (["there", "--speed", "0", "x"], "'--speed' 的值不对：0 is not in the range x>=1."),
        (["there", "x", "y"], "Got unexpected extra argument (y)"),
        (["fly"], "没有命令 'fly'。可用的命令：there。"),
    ],
)
def test_wrong_use_in_chinese_says_what_is_wrong_and_where_help_is(
    tree: Group, arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = shown(tree, "zh", arguments, capsys)
    assert said.startswith("用法：go ")
    assert "--help` 查看帮助。" in said
    assert said.rstrip().splitlines()[-1] == f"用法有误：{expected}"


def test_wrong_use_in_english_is_told_by_click(tree: Group, capsys: pytest.CaptureFixture[str]) -> None:
    said = shown(tree, "en", ["there", "--zzzz"], capsys)
    assert said.startswith("Usage: go there ")
    assert "Try 'go there --help' for help." in said


def test_a_bare_group_shows_its_page_and_no_error(tree: Group, capsys: pytest.CaptureFixture[str]) -> None:
    said = shown(tree, "zh", [], capsys)
    assert said.startswith("用法：go ")
    assert "用法有误" not in said


def test_wrong_use_cannot_drive_the_terminal(tree: Group, capsys: pytest.CaptureFixture[str]) -> None:
    assert "\x1b" not in shown(tree, "zh", ["there", "x", "\x1b[8m"], capsys)
