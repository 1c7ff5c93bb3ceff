"""Texts on their way into a model."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tao.models.texts import clean, cut, estimate_tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        (" \n\t", 0),
        ("年假", 2),
        ("ひらがな한글", 6),
        ("the cat", 2),
        ("internationalisation", 5),
        ("公司年假规定，共 15 天。", 11),
        ("a_b", 3),
        ("a" * 4000, 1000),
    ],
)
def test_tokens_are_estimated_in_chinese_and_english(text: str, tokens: int) -> None:
    assert estimate_tokens(text) == tokens


@settings(max_examples=100, deadline=None)
@given(st.text(), st.integers(0, 50))
def test_a_cut_text_is_the_beginning_and_within_the_limit(text: str, tokens: int) -> None:
    kept = cut(text, tokens)
    assert text.startswith(kept)
    assert estimate_tokens(kept) <= tokens
    assert kept == text or estimate_tokens(kept) == tokens


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(exclude_categories=())))
def test_a_cleaned_text_can_be_written(text: str) -> None:
    clean(text).encode("utf-8")
    assert "\x00" not in clean(text)
    assert len(clean(text)) == len(text)
