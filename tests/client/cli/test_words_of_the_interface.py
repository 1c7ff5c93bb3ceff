import ast
import string
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

import tao.cli
from tao.cli.words import language, language_of_locale, speaking, t

_FOLDER = Path(tao.cli.__file__).parent
_CHINESE: dict[str, str] = tomllib.loads((_FOLDER / "zh.toml").read_text(encoding="utf-8"))


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Each call of `t` in the command line's sources, with the place where it stands."""
    for path in sorted(_FOLDER.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "t":
                yield f"{path.name}:{node.lineno}", node


def literal(call: ast.Call) -> str | None:
    first = call.args[0] if len(call.args) == 1 else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


def placeholders(template: str) -> list[tuple[str, str | None, str | None]]:
    """Name, format and conversion of each, sorted."""
    return sorted(
        (name, form, conversion)
        for _, name, form, conversion in string.Formatter().parse(template)
        if name is not None
    )


def is_han(character: str) -> bool:
    return "\u4e00" <= character <= "\u9fff"


def test_every_text_is_a_literal_and_has_its_chinese() -> None:
    texts = {place: literal(call) for place, call in calls()}
    assert len(texts) > 50
    assert {place: text for place, text in texts.items() if text is None or text not in _CHINESE} == {}


def test_no_chinese_text_is_left_over() -> None:
    assert set(_CHINESE) - {literal(call) for _, call in calls()} == set()


@pytest.mark.parametrize("english", _CHINESE)
def test_both_languages_have_the_same_placeholders(english: str) -> None:
    assert placeholders(_CHINESE[english]) == placeholders(english)


def test_every_placeholder_is_given_its_value() -> None:
    wrong = []
    for place, call in calls():
        given = {keyword.arg for keyword in call.keywords}
        needed = {name for name, _, _ in placeholders(literal(call) or "")}
        # What `**` brings is only known when it runs.
        if given != needed and None not in given:
            wrong.append(place)
    assert wrong == []


@pytest.mark.parametrize("chinese", _CHINESE.values())
def test_chinese_has_its_own_punctuation(chinese: str) -> None:
    assert [pair for pair in pairwise(chinese) if is_han(pair[0]) and pair[1] in ",;:!?("] == []
    assert not chinese.endswith(".")


@pytest.mark.parametrize(
    ("environ", "system", "expected"),
    [
        ({}, None, "en"),
        ({"LANG": "zh_CN.UTF-8"}, None, "zh"),
        ({"LANG": "zh_TW"}, None, "zh"),
        ({"LANG": "zh-Hans"}, None, "zh"),
        ({"LANG": "ZH_CN"}, None, "zh"),
        ({"LANG": "en_US.UTF-8"}, "zh_CN", "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, None, "en"),
        ({"LANG": "C", "LC_MESSAGES": "zh_CN.UTF-8"}, None, "zh"),
        ({"LC_ALL": "C", "LC_MESSAGES": "zh_CN.UTF-8", "LANG": "zh_CN.UTF-8"}, "zh_CN", "en"),
        ({"LC_ALL": "zh_CN.GB18030", "LANG": "C"}, None, "zh"),
        ({"LC_ALL": "", "LC_MESSAGES": "", "LANG": "zh_CN"}, None, "zh"),
        ({"LC_ALL": "", "LANG": ""}, "zh_CN", "zh"),
        ({"LC_CTYPE": "zh_CN.UTF-8"}, None, "en"),
        ({}, "Chinese (Simplified)_China", "zh"),
        ({}, "English_United States", "en"),
        ({"LANG": "\x00\u202e" * 1000}, None, "en"),
    ],
)
def test_the_first_locale_variable_that_is_set_chooses(
    environ: dict[str, str], system: str | None, expected: str
) -> None:
    assert language_of_locale(environ, system) == expected


def test_a_text_is_given_in_the_language_of_its_block() -> None:
    with speaking("zh"):
        assert t("Stopped: {names}", names="local") == "已停止：local"
        with speaking("en"):
            assert t("Stopped: {names}", names="local") == "Stopped: local"
        assert language() == "zh"
    assert language() == "en"


def test_braces_in_a_value_stay_as_they_are() -> None:
    with speaking("zh"):
        assert t("There is no option {name}.", name="{0}{x!r}") == "没有选项 {0}{x!r}。"
        assert "{server}" in t("Where they are served over HTTP; {{server}} in it stands for the name.")
