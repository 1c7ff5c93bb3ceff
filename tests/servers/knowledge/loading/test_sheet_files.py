import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tao_servers.knowledge.document import Document
from tao_servers.knowledge.loading import Options, RefusedError
from tao_servers.knowledge.loading.sheets import read
from tests.support.office_files import Cell, docx, ods, paragraph, xlsx, zipped

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

PLAIN = Options(ocr=False)


def loaded(data: bytes, *, name: str = "a.xlsx", options: Options = PLAIN) -> Document:
    return read(data, name=name, options=options)


def tables(document: Document) -> list[str]:
    return [document.text[table.start : table.end] for table in document.tables]


def test_each_sheet_is_a_page_under_its_name() -> None:
    document = loaded(
        xlsx({"价格表": [["商品", "价格"], ["皮鞋", 399]], "Stock": [["Item", "Count"], ["Shoes", 12]]})
    )
    assert document.text == "价格表\n\n商品\t价格\n皮鞋\t399\n\nStock\n\nItem\tCount\nShoes\t12\n"
    assert [heading.text for heading in document.headings] == ["价格表", "Stock"]
    assert [table.header for table in document.tables] == ["商品\t价格", "Item\tCount"]
    assert document.pages == (0, document.text.index("Stock"))


def test_numbers_dates_and_truths_are_as_a_person_sees_them() -> None:
    row: list[Cell] = [1.0, 0.1 + 0.2, 1234567.0, True, "=1:45366", "=1:45366.5", "=2:0.75", "a\tb\nc"]
    assert tables(loaded(xlsx({"a": [["x"] * 8, row]})))[0].split("\n")[1].split("\t") == [
        "1",
        "0.3",
        "1234567",
        "TRUE",
        "2024-03-15",
        "2024-03-15 12:00:00",
        "18:00:00",
        "a b c",
    ]


def test_tables_that_empty_rows_part_are_several() -> None:
    first: list[list[Cell]] = [["A", "B"], [1, 2]]
    second: list[list[Cell]] = [["C", "D"], [3, 4]]
    assert tables(loaded(xlsx({"a": [*first, [], *second]}))) == ["A\tB\n1\t2", "C\tD\n3\t4"]


def test_tables_beside_each_other_are_several() -> None:
    rows: list[list[Cell]] = [["A", "B", None, "C", "D"], [1, 2, None, "x", 4], [5, 6, None, "y", 8]]
    assert tables(loaded(xlsx({"a": rows}))) == ["A\tB\n1\t2\n5\t6", "C\tD\nx\t4\ny\t8"]


def test_a_column_left_empty_for_its_looks_parts_no_table() -> None:
    rows: list[list[Cell]] = [["Year", None, "2023", None, "2024"], ["Sales", None, 10, None, 12]]
    assert tables(loaded(xlsx({"a": rows}))) == ["Year\t\t2023\t\t2024\nSales\t\t10\t\t12"]


def test_rows_after_a_gap_go_on_with_the_table_above() -> None:
    rows: list[list[Cell]] = [["商品", "价格"], ["皮鞋", 399], [], ["座椅", 699]]
    (table,) = loaded(xlsx({"a": rows})).tables
    assert table.header == "商品\t价格"


def test_a_title_above_a_table_is_no_header() -> None:
    rows: list[list[Cell]] = [["2024年价格表", None], ["商品", "价格"], ["皮鞋", 399]]
    document = loaded(xlsx({"a": rows}, merged=["A1:B1"]))
    assert document.tables[0].header == "商品\t价格"
    assert "2024年价格表\n商品" in document.text


def test_a_header_of_two_rows_becomes_one_line() -> None:
    rows: list[list[Cell]] = [["商品", "销量", None], [None, "上半年", "下半年"], ["皮鞋", 10, 20]]
    document = loaded(xlsx({"a": rows}, merged=["A1:A2", "B1:C1"]))
    assert document.tables[0].header == "商品\t销量 上半年\t销量 下半年"


def test_comments_on_cells_are_read() -> None:
    document = loaded(xlsx({"a": [["A", "B"], [1, 2]]}, comments={"B2": "以合同为准"}))
    assert "B2: 以合同为准" in document.text


def test_an_open_document_workbook_is_read() -> None:
    document = loaded(ods("价格", [["商品", "价格"], ["皮鞋", "三百九十九"]]), name="a.ods")
    assert "皮鞋\t三百九十九" in document.text


def test_two_cells_in_opposite_corners_do_not_fill_the_memory() -> None:
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    sheet = f'<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c></row>{far}</sheetData></worksheet>'
    with pytest.raises(RefusedError, match="too far apart"):
        loaded(zipped({"xl/worksheets/sheet1.xml": sheet}))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is empty"),
        (b"just text", "no workbook by its content"),
        (b"\xef\xbb\xbf <html><table><tr><td>1</td></tr></table></html>", "HTML by its content"),
        (OLE + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "protected by a password"),
        (OLE + bytes(600), "damaged or no workbook"),
        (zipped({"a.txt": "hello"}), "damaged or no workbook"),
        (docx(paragraph("text")), "damaged or no workbook"),
        (xlsx({"a": [["A"]]})[:-100], "damaged"),
        (xlsx({"a": []}), "its sheets are empty"),
    ],
)
def test_what_is_no_workbook_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        loaded(data)


def test_a_text_over_the_limit_is_refused() -> None:
    with pytest.raises(RefusedError, match="longer than 100 characters"):
        loaded(xlsx({"a": [["x" * 60], ["y" * 60]]}), options=Options(ocr=False, max_chars=100))


WORDS = st.text(st.sampled_from("ab价1 "), max_size=4)


@given(st.lists(st.lists(WORDS, min_size=1, max_size=6), min_size=1, max_size=8))
@settings(max_examples=40, deadline=None)
def test_no_cell_is_lost_and_each_header_begins_its_table(rows: list[list[str]]) -> None:
    try:
        document = loaded(xlsx({"a": [[cell or None for cell in row] for row in rows]}))
    except RefusedError:
        assert not any(cell.strip() for row in rows for cell in row)
        return
    name, *shown = document.text.split()
    assert (name, sorted(shown)) == (
        "a",
        sorted(word for row in rows for cell in row for word in cell.split()),
    )
    for table in document.tables:
        assert document.text.startswith(table.header, table.start)
        assert 0 <= table.start < table.end <= len(document.text)
