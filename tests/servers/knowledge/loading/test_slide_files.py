import pytest

from tao_servers.knowledge.document import Document
from tao_servers.knowledge.loading import Options, RefusedError
from tao_servers.knowledge.loading.slides import read
from tests.support.office_files import docx, paragraph, pptx, shape, zipped

TABLE = (
    "<p:graphicFrame><a:graphic><a:graphicData><a:tbl>"
    "<a:tr><a:tc><a:txBody><a:p><a:r><a:t>商品</a:t></a:r></a:p></a:txBody></a:tc>"
    "<a:tc><a:txBody><a:p><a:r><a:t>价格</a:t></a:r></a:p></a:txBody></a:tc></a:tr>"
    "<a:tr><a:tc><a:txBody><a:p><a:r><a:t>皮鞋</a:t></a:r></a:p></a:txBody></a:tc>"
    "<a:tc><a:txBody><a:p><a:r><a:t>399</a:t></a:r></a:p></a:txBody></a:tc></a:tr>"
    "</a:tbl></a:graphicData></a:graphic></p:graphicFrame>"
)
CHART = (
    "<c:title><a:p><a:r><a:t>Sales by year</a:t></a:r></a:p></c:title>"
    '<c:ser><c:tx><c:pt idx="0"><c:v>Shoes</c:v></c:pt></c:tx>'
    '<c:cat><c:pt idx="0"><c:v>2023</c:v></c:pt><c:pt idx="1"><c:v>2024</c:v></c:pt></c:cat>'
    '<c:val><c:pt idx="0"><c:v>10</c:v></c:pt><c:pt idx="1"><c:v>12</c:v></c:pt></c:val></c:ser>'
)


def loaded(data: bytes) -> Document:
    return read(data, name="a.pptx", options=Options(ocr=False))


def test_each_slide_is_a_page_under_its_title() -> None:
    document = loaded(
        pptx(
            [
                shape("正文在前", "第二段") + shape("公司简介", kind="ctrTitle"),
                shape("Prices", kind="title") + shape("Shoes cost 399."),
            ],
            title="A talk",
        )
    )
    assert document.title == "A talk"
    assert document.text == "公司简介\n\n正文在前\n第二段\n\nPrices\n\nShoes cost 399.\n"
    assert [heading.text for heading in document.headings] == ["公司简介", "Prices"]
    assert document.pages == (0, document.text.index("Prices"))


def test_tables_groups_and_notes_are_read() -> None:
    group = f"<p:grpSp><p:grpSp>{shape('in a group')}</p:grpSp></p:grpSp>"
    document = loaded(pptx([TABLE + group], notes={0: "给演讲者的话"}))
    (table,) = document.tables
    assert document.text[table.start : table.end] == "商品\t价格\n皮鞋\t399"
    assert table.header == "商品\t价格"
    assert "in a group" in document.text
    assert "给演讲者的话" in document.text


def test_a_chart_is_read_as_the_table_behind_it() -> None:
    frame = '<p:graphicFrame><a:graphic><c:chart r:id="rId1"/></a:graphic></p:graphicFrame>'
    document = loaded(pptx([frame], chart=(0, CHART)))
    assert "Sales by year" in document.text
    assert "\tShoes\n2023\t10\n2024\t12" in document.text


def test_the_number_of_the_slide_is_no_text() -> None:
    assert loaded(pptx([shape("7", kind="sldNum") + shape("Text")])).text == "Text\n"


def test_the_words_under_a_picture_are_read() -> None:
    picture = '<p:pic><p:nvPicPr><p:cNvPr id="4" name="p" descr="组织结构图"/></p:nvPicPr></p:pic>'
    assert loaded(pptx([picture])).text == "组织结构图\n"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is empty"),
        (b"%PDF-1.7", r"no \.pptx file by its content"),
        (zipped({"ppt/a.txt": "hello"}), "another zip archive"),
        (docx(paragraph("text")), "another zip archive"),
        (pptx([]), "no text in it"),
        (pptx([""]), "no text in it"),
        (pptx(["<p:sp>"]), "damaged"),
    ],
)
def test_what_is_no_presentation_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        loaded(data)
