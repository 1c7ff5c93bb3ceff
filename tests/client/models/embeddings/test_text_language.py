import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tao.models.embeddings.language import chinese_share


@pytest.mark.parametrize("text", ["皮鞋多少钱", "皮鞋: 399元", "𠮷野家", "臺灣的年假規定 2026"])
def test_chinese_is_chinese(text: str) -> None:
    assert chinese_share(text) == 1


@pytest.mark.parametrize("text", ["How much are the shoes?", "Wie weit ist es nach Köln", "x1"])
def test_english_is_not(text: str) -> None:
    assert chinese_share(text) == 0


@pytest.mark.parametrize("text", ["", "  ", "123 %", "🙂", "今日は"[2:], "Привет мир", "\ud800"])
def test_what_is_neither_counts_half(text: str) -> None:
    assert chinese_share(text) == 0.5


def test_a_question_with_an_english_name_lies_between() -> None:
    assert 0.2 < chinese_share("iPhone 15 Pro Max 多少钱") < 0.5


def test_the_start_of_a_text_decides() -> None:
    assert chinese_share("字" * 2000 + "word " * 1_000_000) == 1


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_a_share_is_never_outside_its_bounds(text: str) -> None:
    assert 0 <= chinese_share(text) <= 1
