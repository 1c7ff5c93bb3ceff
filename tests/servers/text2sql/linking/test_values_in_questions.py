"""Values of a database by what a text calls them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tao_servers.text2sql.linking import ColumnValues, ValueIndex
from tao_servers.text2sql.linking.asked import Asked
from tests.support.concepts import BrokenEmbedder, Concepts


def _index(embedder: Concepts | None = None) -> ValueIndex:
    return ValueIndex(
        [
            ColumnValues("customers", "city", ("北京市", "上海市", "成都市"), True),
            ColumnValues("customers", "name", ("Acme Ltd", "New York Trading", "O'Brien"), False),
            ColumnValues("orders", "status", ("已完成", "已取消", "运输中"), True),
            ColumnValues("airports", "city", ("New York", "York", "Boston"), True),
            ColumnValues("pets", "kind", ("dog", "cat"), True),
        ],
        embedder=embedder,
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("北京市", "北京市"),
        ("北京", "北京市"),
        ("上海", "上海市"),
        ("運輸中", "运输中"),
        ("ＢＯＳＴＯＮ", "Boston"),
        ("boston", "Boston"),
        ("dogs", "dog"),
        ("acme", "Acme Ltd"),
        ("o brien", "O'Brien"),
        ("New Yrok", "New York"),
        ("完成", "已完成"),
    ],
)
def test_a_value_is_found_by_another_way_to_write_it(text: str, value: str) -> None:
    assert _index().search(text)[0].value == value


def test_what_is_stored_as_written_comes_first_and_scores_one() -> None:
    first = _index().search("York")[0]
    assert (first.value, first.score, first.how) == ("York", 1.0, "exact")


def test_a_value_is_found_in_the_other_language_by_meaning() -> None:
    index = _index(Concepts("北京 beijing", "上海 shanghai", "dog 狗"))
    found = index.search("Beijing")[0]
    assert (found.value, found.how) == ("北京市", "meaning")
    embedder = Concepts("dog 狗", "cat 猫")
    found = _index(embedder).in_question(Asked("最老的狗有多重", embedder))[0]
    assert (found.value, found.how) == ("dog", "meaning")


FIRMS = ColumnValues(
    "firms",
    "name",
    (
        "深圳腾讯科技有限公司",
        "北京小桔科技有限公司",
        "北京小米科技有限责任公司",
        "长春大学",
        "Northern Steel Ltd",
    ),
    True,
)


@pytest.mark.parametrize(
    ("question", "words", "value"),
    [
        ("小桔科技公司呢", "小桔科技公司", "北京小桔科技有限公司"),
        ("腾讯公司的年营业额是多少", "腾讯公司", "深圳腾讯科技有限公司"),
        ("是北京小桔公司的多少倍", "北京小桔公司", "北京小桔科技有限公司"),
        ("What did Northern Ltd earn?", "Northern Ltd", "Northern Steel Ltd"),
    ],
)
def test_a_firm_is_found_by_a_short_name(question: str, words: str, value: str) -> None:
    (match,) = ValueIndex([FIRMS]).in_question(Asked(question))
    assert (match.words, match.value) == (words, value)
    assert match.score < 0.9


@pytest.mark.parametrize(
    "question", ["北京公司有哪些", "科技公司有多少家", "Which steel company?", "长春市有多少人"]
)
def test_a_short_name_of_several_firms_or_of_none_finds_nothing(question: str) -> None:
    assert ValueIndex([FIRMS]).in_question(Asked(question)) == []


def test_an_index_with_an_embedder_needs_none_in_the_question() -> None:
    (match,) = _index(Concepts("dog 狗", "cat 猫")).in_question(Asked("最年轻的狗"))
    assert (match.value, match.how) == ("dog", "meaning")


def test_a_broken_embedder_leaves_what_needs_none() -> None:
    index = _index(BrokenEmbedder("dog 狗"))
    index.prepare()
    assert index.search("北京")[0].value == "北京市"
    assert index.in_question(Asked("狗")) == []


def test_only_the_tables_and_the_column_asked_for_are_searched() -> None:
    assert [m.table for m in _index().search("New York", tables=["customers"])] == ["customers"]
    assert _index().search("Boston", column="name") == []


def test_the_longest_name_in_a_question_is_meant() -> None:
    found = _index().in_question(Asked("flights from New York to Boston"))
    assert [(match.value, match.words) for match in found] == [("New York", "New York"), ("Boston", "Boston")]


def test_a_part_of_a_word_names_nothing() -> None:
    assert _index().in_question(Asked("the category of Yorkshire")) == []


def test_words_of_a_question_are_as_they_stand_in_it() -> None:
    (match,) = _index().in_question(Asked("Ｂoston 的航班"))
    assert match.words == "Ｂoston"


def test_a_column_of_which_values_are_missing_is_known_not_to_be_complete() -> None:
    assert _index().is_complete("Orders", "STATUS")
    assert not _index().is_complete("customers", "name")


def test_many_values_are_not_embedded() -> None:
    embedder = Concepts("dog 狗")
    names = tuple(f"name {number}" for number in range(500))
    index = ValueIndex([ColumnValues("t", "name", names, True)], embedder=embedder)
    index.prepare()
    assert embedder.embedded == []


@pytest.mark.parametrize("text", ["", " ", "%", "'; DROP TABLE x --", "\x00", "\ud800", "长" * 5_000])
def test_odd_needles_find_nothing_and_break_nothing(text: str) -> None:
    assert _index().search(text) == []
    assert ValueIndex().search(text) == []


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_any_question_gives_values_whose_words_stand_in_it(question: str) -> None:
    for match in _index().in_question(Asked(question)):
        assert match.words in question
        assert 0 < match.score <= 1
