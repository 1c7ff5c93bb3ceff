"""Functions that stay whole, and sentences that belong together."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tao_servers.knowledge.document import Document
from tao_servers.knowledge.splitting import Sizes, split

_PYTHON = '''import os
import sys


# Why it is there.
@cached
def first(x):
    """Say something."""
    if x:
        return {
            "a": 1,
        }
    else:
        return None


class Second:
    """A class."""

    def one(self):
        return "一"

    def two(self):
        return "二"
'''
_GO = """package main

// add adds.
func add(a int, b int) int {
\tif a > b {
\t\treturn a
\t}

\treturn a + b
}

func main() {
\tprintln(add(1, 2))
}
"""


def test_a_function_keeps_its_comment_its_decorator_and_its_end() -> None:
    chunks = split(Document(_PYTHON, form="code", language="python"), sizes=Sizes(tokens=180, count=len))
    assert [chunk.text.split("\n")[0] for chunk in chunks] == [
        "import os",
        "# Why it is there.",
        "class Second:",
    ]
    assert [(chunk.line, chunk.last_line) for chunk in chunks] == [(1, 2), (5, 14), (17, 24)]


def test_a_class_that_is_too_long_is_cut_between_its_methods() -> None:
    text = _PYTHON[_PYTHON.index("class") :]
    first, second = split(Document(text, form="code"), sizes=Sizes(tokens=80, count=len))
    assert first.text.endswith('return "一"')
    assert second.text.startswith("def two")


def test_braces_close_their_own_function() -> None:
    chunks = split(Document(_GO, form="code", language="go"), sizes=Sizes(tokens=125, count=len))
    assert [chunk.text[-1] for chunk in chunks] == ["}", "}"]
    assert chunks[1].text.startswith("func main")


def test_code_in_one_line_is_cut_all_the_same() -> None:
    text = "var a=1,b=function(c){return c*2};" * 500
    chunks = split(Document(text, form="code"), sizes=Sizes(tokens=100, count=len))
    assert "".join("".join(chunk.text for chunk in chunks).split()) == "".join(text.split())
    assert all(len(chunk.text) <= 100 for chunk in chunks)


_CATS = "猫是一种常见的动物，许多人都在家里养猫，用来作伴或者捉老鼠。"
_CARS = "车是一种交通工具，许多人每天都开车上班，周末再开车出去郊游。"


def _subjects(texts: Sequence[str]) -> NDArray[Any]:
    return np.array([[text.count("猫"), text.count("车")] for text in texts])


def test_sentences_are_parted_where_the_subject_changes() -> None:
    text = _CATS * 4 + _CARS * 4 + _CATS * 4
    chunks = split(Document(text), "semantic", sizes=Sizes(tokens=1000, count=len), embed=_subjects)
    assert [chunk.text for chunk in chunks] == [_CATS * 4, _CARS * 4, _CATS * 4]


def test_one_subject_is_cut_at_sentences_for_its_size() -> None:
    chunks = split(Document(_CATS * 20), "semantic", sizes=Sizes(tokens=100, count=len), embed=_subjects)
    assert len(chunks) > 5
    assert all(chunk.text.endswith("。") for chunk in chunks)


def test_cutting_by_meaning_asks_for_an_embedder() -> None:
    with pytest.raises(ValueError, match="give it `embed`"):
        split(Document(_CATS), "semantic", sizes=Sizes(tokens=100, count=len))


def test_an_unknown_splitter_is_named_with_those_that_exist() -> None:
    how: Any = "magic"
    with pytest.raises(ValueError, match=r"'magic'.*auto, lines, fixed"):
        split(Document(_CATS), how, sizes=Sizes(tokens=100, count=len))


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"tokens": 0}, "give 1 or more"),
        ({"tokens": 8, "overlap": 8}, "give 0 to 7"),
        ({"tokens": 80, "parent_tokens": 19}, "cannot hold chunks of 20"),
    ],
)
def test_sizes_that_contradict_each_other_are_refused(sizes: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Sizes(count=len, **sizes)
