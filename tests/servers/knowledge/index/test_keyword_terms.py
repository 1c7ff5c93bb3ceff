import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tao_servers.knowledge.index.analysis import terms


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ("皮鞋", "女士皮鞋：399元"),
        ("年假", "公司年假规定"),
        ("茶", "明前绿茶"),
        ("年假规定", "公司年假規定"),
        ("繁体", "繁體中文"),
        ("running", "She runs every day"),
        ("policies", "Policy"),
        ("iPhone 15", "iPhone15"),
        ("iphone15", "iPhone 15".replace(" ", "")),
        ("T900", "型号T-900"),
        ("T-900", "T900型"),
        ("A1B2", "part a1b2"),
        ("zhang.san@example.com", "写信给zhang.san@example.com。"),
        ("example.com", "zhang.san@example.com"),
        ("report_2023.pdf", "见report_2023.pdf第3页"),
        ("report", "report_2023.pdf"),
        ("file", "openFile()"),
        ("max_batch_size", "get_max_batch_size"),
        ("3.14", "π ≈ 3.14"),
        ("1299", "$1,299.00"),
        ("C++", "C++语言"),
        ("C#", "C#语言"),
        ("cafe", "Café"),
        ("ЕЛКА", "ёлка"),
        ("ABC123", "ＡＢＣ１２３"),
        ("company", "the company's"),
        ("テスト", "テストをする"),
        ("한국", "한국어 자료"),
        ("ภาษา", "ภาษาไทย"),
        ("हिन्दी", "हिन्दी भाषा"),
    ],
)
def test_a_question_shares_terms_with_a_text_that_writes_it_otherwise(asked: str, written: str) -> None:
    assert set(terms(asked)) & set(terms(written))


@pytest.mark.parametrize(
    ("one", "other"),
    [("3.14", "314"), ("皮鞋", "鞋皮"), ("iPhone15", "iPhone16"), ("C++", "C#"), ("年", "的")],
)
def test_what_means_something_else_has_other_terms(one: str, other: str) -> None:
    assert set(terms(one)) != set(terms(other))


def test_a_chinese_text_gives_its_pairs_and_the_characters_that_mean_something() -> None:
    assert terms("鞋的价") == ["鞋的", "的价", "鞋", "价"]


def test_a_character_that_means_little_is_still_found_alone() -> None:
    assert terms("的") == ["的"]


def test_a_code_gives_its_whole_and_its_parts() -> None:
    assert terms("iPhone15") == ["iphone15", "iphon", "phone", "15"]
    assert terms("T-900") == ["t900", "t", "900"]


def test_traditional_characters_do_not_depend_on_their_neighbours() -> None:
    assert set(terms("乾")) <= set(terms("乾隆皇帝"))


@pytest.mark.parametrize(
    "text", ["", " \n\t", "\x00", "\ud800", "😀", "———", "\u0301", "\u0e31", "__", "'", ",,,", "-.-"]
)
def test_what_has_no_word_gives_no_terms(text: str) -> None:
    assert terms(text) == []


@pytest.mark.parametrize(
    "text",
    [
        *("a" * 300_000, "a1" * 20_000, "的" * 100_000, "a-" * 20_000, "aB" * 20_000, "1," * 100_000),
        *("\ufdfa" * 10_000, "ก" * 100_000, "𠀀" * 100_000, "é" * 100_000, "a" + "_" * 100_000 + "b"),
    ],
    ids=lambda text: repr(text[:2]),
)
def test_a_hostile_word_gives_short_terms_and_no_more_than_its_length_allows(text: str) -> None:
    found = terms(text)
    assert len(found) <= 3 * len(text) + 1
    assert all(len(term) <= 64 for term in found)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_no_term_is_empty_or_has_white_space(text: str) -> None:
    assert all(term and not any(mark.isspace() for mark in term) for term in terms(text))
    assert all(term.encode("utf-8") for term in terms(text))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(["皮鞋", "running", "T-900", "a_b", "한국어", "3.14"]), max_size=8))
def test_the_words_of_a_question_are_found_in_any_text_that_has_them(words: list[str]) -> None:
    text = set(terms("，".join(words)))
    assert all(set(terms(word)) <= text for word in words)
