import pytest

from tao_prompts import language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("iPhone 15 多少钱", "zh"),
        ("號", "zh"),
        ("㐀", "zh"),
        ("豈", "zh"),
        ("〇", "zh"),
        ("𠮷", "zh"),
        ("How much is the iPhone 15?", "en"),
        ("", "en"),
        ("？！。，", "en"),
        ("こんにちは", "en"),
        ("\ud800\x00", "en"),
        ("a" * 100_000 + "价", "zh"),
    ],
)
def test_any_han_character_means_chinese(text: str, language: str) -> None:
    assert language_of(text) == language
