import pytest

from tao_servers.knowledge.document import Document
from tao_servers.knowledge.loading import Options, RefusedError
from tao_servers.knowledge.loading.pdf import read
from tests.support.pdf_files import pdf

SCAN = (60, 80, bytes(4_800))

PLAIN = Options(ocr=False)


def loaded(data: bytes, *, options: Options = PLAIN) -> Document:
    return read(data, name="a.pdf", options=options)


def test_the_text_of_each_page_is_read_and_its_place_kept() -> None:
    document = loaded(pdf([["First page."], ["第二页：儿童安全座椅"], ["Third page."]]))
    first, second, third = document.pages
    assert document.text[first:second].strip() == "First page."
    assert document.text[second:third].strip() == "第二页：儿童安全座椅"
    assert document.text[third:] == "Third page.\n"


def test_a_page_without_text_keeps_the_numbers_of_those_after_it() -> None:
    document = loaded(pdf([["One."], [], ["Three."], []]))
    assert len(document.pages) == 4
    assert document.text[document.pages[2] :].startswith("Three.")
    assert document.pages[3] <= len(document.text)


def test_properties_and_bookmarks_become_title_dates_and_headings() -> None:
    document = loaded(
        pdf(
            [["Contents"], ["1 Prices", "Shoes cost 399."], ["价格表", "皮鞋 399"]],
            info={"Title": "年度报告", "Author": "王小明", "CreationDate": "D:20240315093000+08'00'"},
            bookmarks=[(1, "Prices"), (2, "价格表"), (2, "Not on the page")],
        )
    )
    assert (document.title, document.author) == ("年度报告", "王小明")
    assert document.created == "2024-03-15T09:30:00+08:00"
    assert [heading.text for heading in document.headings] == ["1 Prices", "价格表"]
    assert all(document.text.startswith(heading.text, heading.start) for heading in document.headings)


def test_notes_and_filled_fields_are_read() -> None:
    document = loaded(pdf([["Order form"]], note="请在周五前确认", field=("customer", "Zhang San")))
    assert "请在周五前确认" in document.text
    assert "customer: Zhang San" in document.text


def test_a_word_that_a_line_broke_is_one_word_again() -> None:
    text = loaded(pdf([["The recogni-", "tion of characters works."]])).text
    assert "recognition" in text


def test_a_hyphen_stays_in_a_word_that_is_written_with_it_elsewhere() -> None:
    text = loaded(pdf([["All self-locking nuts are good, and self-", "locking nuts are better."]])).text
    assert text.count("self-locking") == 2


def test_chinese_lines_that_the_layout_broke_are_joined() -> None:
    lines = ["本公司员工入职满一年后可以享受带薪年", "假，每人每年五天，未休完的可以顺延到下", "一年。"]
    text = loaded(pdf([["休假规定", *lines]])).text
    assert "带薪年假" in text
    assert "休假规定\n" in text


def test_chinese_that_is_set_with_spaces_is_read_without_them() -> None:
    assert "年度工作报告" in loaded(pdf([["年 度 工 作 报 告"]])).text


def test_pages_that_are_pictures_are_named_where_nothing_reads_them() -> None:
    document = loaded(pdf([["Text."], SCAN, SCAN, ["More."], SCAN]))
    assert document.unread == ("pages 2-3, 5 are pictures; reading pictures is turned off",)
    assert "More." in document.text


def test_a_file_of_pictures_alone_is_refused_with_that_reason() -> None:
    with pytest.raises(RefusedError, match=r"no text in it; page 1 is a picture"):
        loaded(pdf([SCAN]))


def test_a_protected_file_is_refused() -> None:
    with pytest.raises(RefusedError, match="protected by a password; save it without one"):
        loaded(pdf([["Secret."]], password="geheim"))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (b"PK\x03\x04 something else", "no PDF by its content"),
        (b"%PDF-1.7\n", "damaged"),
        (b"%PDF-1.7\n" + bytes(range(256)) * 40, "damaged"),
        (pdf([]), "damaged|no text"),
        (pdf([[]]), "no text in it"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        loaded(data)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_truncated_file_is_read_as_far_as_possible_or_refused(share: float) -> None:
    whole = pdf([["One line of text."], ["Another line of text."]])
    try:
        text = loaded(whole[: int(len(whole) * share)]).text
    except RefusedError:
        text = "refused: a line of text"
    assert "line of text" in text


def test_a_text_over_the_limit_is_refused() -> None:
    with pytest.raises(RefusedError, match="longer than 20 characters"):
        loaded(pdf([["Twelve chars"], ["Twelve chars"]]), options=Options(ocr=False, max_chars=20))
