import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tao_servers.knowledge.document import Document
from tao_servers.knowledge.loading import Options, RefusedError, read


def table(text: str, name: str = "a.csv") -> Document:
    return read(text.encode(), name=name, options=Options())


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("name,price\n鞋,399\n", "name,price"),
        ("姓名,部门\n张三,财务\n李四,人事\n", "姓名,部门"),
        ("产品;数量;单价\nA;1;2\nB;3;4\n", "产品;数量;单价"),
        ("a\tb\n1\t2\n", "a\tb"),
        ("地区|2022|2023\n华东|1|2\n", "地区|2022|2023"),
        ("皮鞋,399元\n儿童安全座椅,699元\n", ""),
        ("1,2,3\n4,5,6\n", ""),
        ("one\ntwo\nthree\n", ""),
        ("2024-05-06,a\n2024-05-07,b\n", ""),
    ],
)
def test_the_header_is_told_from_the_first_row_of_values(text: str, header: str) -> None:
    document = table(text)
    (found,) = document.tables
    assert (found.start, found.end, found.header) == (0, len(text.rstrip()), header)
    assert (document.text, document.form) == (text, "table")


def test_titles_above_the_header_are_no_part_of_the_table() -> None:
    document = table("销售报表,,\n单位：万元,,\n年份,2022,2023\n收入,1,2\n利润,3,4\n")
    (found,) = document.tables
    assert found.header == "年份,2022,2023"
    assert document.text[found.start :].startswith(found.header)
    assert document.text.startswith("销售报表")


def test_line_feeds_within_a_cell_become_spaces() -> None:
    document = table('name,note\n鞋,"first\nsecond, ""third"""\n')
    assert document.text == 'name,note\n鞋,"first second, ""third"""\n'


def test_a_quote_that_is_not_closed_does_not_swallow_the_rows_below() -> None:
    text = 'a,b\n5" disk,3\n"not closed,3\nx,y\nz,"w"\n'
    assert table(text).text.count("\n") >= 4


def test_the_suffix_decides_between_tabs_and_commas() -> None:
    assert table("a,b\tc,d\n1,2\t3,4\n", "a.tsv").tables[0].header == "a,b\tc,d"


def test_an_empty_table_is_refused() -> None:
    with pytest.raises(RefusedError, match="no text"):
        table("\n\n")


@given(st.text(st.sampled_from('",;\t\n a1字'), max_size=200))
@settings(max_examples=100, deadline=None)
def test_no_cell_is_lost_and_nothing_moves(text: str) -> None:
    try:
        document = table(text)
    except RefusedError:
        assert not text.strip()
        return
    assert len(document.text) == len(text)
    assert document.text.replace("\n", " ") == text.replace("\n", " ")
    assert all(found.header in document.text for found in document.tables)
