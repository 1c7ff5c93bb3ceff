from hypothesis import given, settings
from hypothesis import strategies as st

from tao_servers.knowledge.document import Document
from tao_servers.knowledge.loading import Options, RefusedError, read


def markdown(text: str) -> Document:
    return read(text.encode(), name="a.md", options=Options())


def test_headings_are_told_with_level_words_and_place() -> None:
    text = "# 手册\n\n正文\n\n## The **second** [part](u)\n\nUnderlined\n---\n\n```\n# no heading\n```\n"
    document = markdown(text)
    assert [(h.level, h.text) for h in document.headings] == [
        (1, "手册"),
        (2, "The second part"),
        (2, "Underlined"),
    ]
    assert [text[h.start :].split("\n")[0] for h in document.headings][1:] == [
        "## The **second** [part](u)",
        "Underlined",
    ]
    assert (document.text, document.form, document.title) == (text, "markdown", "手册")


def test_a_table_spans_its_rows_and_names_its_header() -> None:
    text = "before\n\n| 产品 | 价格 |\n|---|---|\n| 皮鞋 | 399 |\n\nafter\n"
    (table,) = markdown(text).tables
    assert text[table.start : table.end] == "| 产品 | 价格 |\n|---|---|\n| 皮鞋 | 399 |"
    assert table.header == "| 产品 | 价格 |"


def test_front_matter_gives_title_author_and_date() -> None:
    text = "---\ntitle: 年假规定\ndate: 2024-05-06 10:00:00\nauthor: [A, B]\n---\n# Other\n"
    document = markdown(text)
    assert (document.title, document.author, document.created) == ("年假规定", "A, B", "2024-05-06")
    assert document.text == text
    assert [heading.text for heading in document.headings] == ["Other"]


def test_front_matter_may_be_toml() -> None:
    assert markdown('+++\ntitle = "T"\ndate = 2024-05-06\n+++\ntext\n').created == "2024-05-06"


def test_front_matter_that_would_expand_to_gigabytes_is_left_alone() -> None:
    lines = ["a0: &a0 [x, x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    document = markdown("---\n" + "\n".join([*lines, "title: *a29"]) + "\n---\ntext\n")
    assert document.title is None


def test_a_rule_at_the_beginning_is_no_front_matter() -> None:
    text = "---\n: no [yaml\n---\ntext\n"
    assert markdown(text).text == text


@given(st.text(st.sampled_from("#| -`*_[]()\n>ab字"), max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_text_stays_as_it_is_and_places_lie_within_it(text: str) -> None:
    try:
        document = markdown(text)
    except RefusedError:
        assert not text.strip()
        return
    assert document.text == text
    starts = [heading.start for heading in document.headings]
    assert starts == sorted(starts)
    assert all(0 <= table.start < table.end <= len(text) for table in document.tables)
