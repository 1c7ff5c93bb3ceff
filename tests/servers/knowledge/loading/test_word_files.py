import pytest

from tao_servers.knowledge.document import Document
from tao_servers.knowledge.loading import Options, RefusedError
from tao_servers.knowledge.loading.word import read
from tests.support.office_files import docx, paragraph, pptx, table, zipped

STYLES = (
    '<w:style w:type="paragraph" w:styleId="1"><w:name w:val="heading 1"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="a"><w:name w:val="标题 2"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="mine"><w:name w:val="Mine"/><w:basedOn w:val="1"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="T"><w:name w:val="Title"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="deep"><w:name w:val="Deep"/>'
    '<w:pPr><w:outlineLvl w:val="2"/></w:pPr></w:style>'
)
WITH_STYLES = (("styles", "styles.xml", STYLES),)

PLAIN = Options(ocr=False)


def loaded(data: bytes, *, options: Options = PLAIN) -> Document:
    return read(data, name="a.docx", options=options)


def test_headings_are_found_by_styles_whatever_the_language_of_word() -> None:
    body = (
        paragraph("年度报告", style="T")
        + paragraph("Prices", style="1")
        + paragraph("Shoes cost 399.")
        + paragraph("皮鞋", style="a")
        + paragraph("Derived", style="mine")
        + paragraph("Outlined", style="deep")
        + paragraph("By hand", properties='<w:outlineLvl w:val="1"/>')
    )
    document = loaded(docx(body, related=WITH_STYLES))
    assert [(h.level, h.text) for h in document.headings] == [
        (1, "年度报告"),
        (1, "Prices"),
        (2, "皮鞋"),
        (1, "Derived"),
        (3, "Outlined"),
        (2, "By hand"),
    ]
    assert all(document.text.startswith(heading.text, heading.start) for heading in document.headings)
    assert document.title == "年度报告"


def test_the_properties_of_the_file_are_told() -> None:
    document = loaded(docx(paragraph("Text."), title="Price list"))
    assert (document.title, document.author) == ("Price list", "王小明")
    assert document.created == "2024-03-15T09:30:00Z"


def test_a_table_stands_in_its_place_with_its_header() -> None:
    body = (
        paragraph("Before.")
        + table(["商品", "价格"], ["皮鞋", "399"], ["座椅\t大", "699"])
        + paragraph("After.")
    )
    document = loaded(docx(body))
    (found,) = document.tables
    assert document.text[found.start : found.end] == "商品\t价格\n皮鞋\t399\n座椅 大\t699"
    assert found.header == "商品\t价格"
    assert document.text.index("Before.") < found.start < document.text.index("After.")


def test_merged_cells_keep_the_columns_and_label_each_of_their_rows() -> None:
    wide = f'<w:tc><w:tcPr><w:gridSpan w:val="2"/></w:tcPr>{paragraph("2024")}</w:tc>'
    tall = f'<w:tc><w:tcPr><w:vMerge w:val="restart"/></w:tcPr>{paragraph("手机")}</w:tc>'
    below = f"<w:tc><w:tcPr><w:vMerge/></w:tcPr>{paragraph()}</w:tc>"
    rows = (["种类", wide], ["", "上半年", "下半年"], [tall, "10", "20"], [below, "30", "40"])
    document = loaded(docx(table(*rows)))
    assert document.text == "种类\t2024 上半年\t2024 下半年\n手机\t10\t20\n手机\t30\t40\n"


def test_nested_tables_lists_links_and_tracked_changes_keep_their_text() -> None:
    inner = f"<w:tc>{paragraph('outer')}{table(['inner A', 'inner B'])}{paragraph()}</w:tc>"
    changes = (
        "<w:ins><w:r><w:t>inserted </w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText>deleted</w:delText></w:r></w:del>"
        '<w:hyperlink r:id="rId9"><w:r><w:t>a link</w:t></w:r></w:hyperlink>'
        "<w:sdt><w:sdtContent><w:r><w:t> a control</w:t></w:r></w:sdtContent></w:sdt>"
    )
    text = loaded(docx(table([inner, "beside"]) + paragraph("Here: ", more=changes))).text
    assert "outer inner A inner B\tbeside" in text
    assert "Here: inserted a link a control" in text
    assert "deleted" not in text


def test_equations_and_text_boxes_are_read_once() -> None:
    box = f"<w:txbxContent>{paragraph('文本框里的话')}</w:txbxContent>"
    boxes = (
        "<w:r><mc:AlternateContent><mc:Choice><w:drawing><wps:txbx>"
        f"{box}</wps:txbx></w:drawing></mc:Choice><mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict>"
        "</mc:Fallback></mc:AlternateContent></w:r>"
    )
    halves = "<m:num><m:r><m:t>1</m:t></m:r></m:num><m:den><m:r><m:t>x+y</m:t></m:r></m:den>"
    equation = f"<m:oMath><m:r><m:t>z=</m:t></m:r><m:f>{halves}</m:f></m:oMath>"
    text = loaded(docx(paragraph("See ", more=boxes) + paragraph(more=equation))).text
    assert text.count("文本框里的话") == 1
    assert "z=1/(x+y)" in text


def test_notes_and_comments_stand_after_the_paragraph_that_refers_to_them() -> None:
    marks = '<w:r><w:footnoteReference w:id="2"/></w:r><w:r><w:commentReference w:id="0"/></w:r>'
    notes = (
        f'<w:footnote w:type="separator" w:id="0">{paragraph("----")}</w:footnote>'
        f'<w:footnote w:id="2">{paragraph("脚注的内容")}</w:footnote>'
    )
    body = paragraph("A claim", more=marks) + paragraph("The next one")
    related = [
        ("footnotes", "footnotes.xml", notes),
        ("comments", "comments.xml", f'<w:comment w:id="0">{paragraph("Is that so?")}</w:comment>'),
    ]
    lines = [line for line in loaded(docx(body, related=related)).text.split("\n") if line]
    assert lines == ["A claim", "脚注的内容", "Is that so?", "The next one"]


def test_headers_and_footers_are_read_once_each() -> None:
    related = [
        ("header", "header1.xml", paragraph("内部资料")),
        ("header", "header2.xml", paragraph("内部资料")),
        ("footer", "footer1.xml", paragraph("Page footer")),
    ]
    text = loaded(docx(paragraph("Body."), related=related)).text
    assert text.count("内部资料") == 1
    assert "Page footer" in text


def test_numbers_that_word_counts_are_part_of_the_text() -> None:
    levels = (
        '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="chineseCounting"/>'
        '<w:lvlText w:val="第%1条"/></w:lvl>'
        '<w:lvl w:ilvl="1"><w:numFmt w:val="decimal"/><w:lvlText w:val="%2)"/></w:lvl>'
    )
    numbering = (
        f'<w:abstractNum w:abstractNumId="7">{levels}</w:abstractNum>'
        '<w:num w:numId="3"><w:abstractNumId w:val="7"/></w:num>'
    )

    def item(text: str, level: int) -> str:
        properties = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="3"/></w:numPr>'
        return paragraph(text, properties=properties)

    body = item("总则", 0) + item("定义", 1) + item("范围", 1) + item("职责", 0) + item("员工", 1)
    text = loaded(docx(body, related=[("numbering", "numbering.xml", numbering)])).text
    assert text.split() == ["第一条", "总则", "1)", "定义", "2)", "范围", "第二条", "职责", "1)", "员工"]


def test_a_list_that_begins_anew_counts_from_its_own_start() -> None:
    override = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="{}"/></w:lvlOverride>'
    numbers = {"1": "", "2": override.format(1), "3": override.format(5), "4": ""}
    numbering = (
        '<w:abstractNum w:abstractNumId="7"><w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/>'
        '<w:lvlText w:val="%1."/></w:lvl></w:abstractNum>'
    ) + "".join(
        f'<w:num w:numId="{identity}"><w:abstractNumId w:val="7"/>{more}</w:num>'
        for identity, more in numbers.items()
    )
    body = "".join(
        paragraph(identity, properties=f'<w:numPr><w:ilvl w:val="0"/><w:numId w:val="{identity}"/></w:numPr>')
        for identity in "1122334"
    )
    text = loaded(docx(body, related=[("numbering", "numbering.xml", numbering)])).text
    assert text.split("\n")[:7] == ["1. 1", "2. 1", "1. 2", "2. 2", "5. 3", "6. 3", "7. 4"]


def test_a_file_with_pictures_alone_says_so() -> None:
    drawing = '<w:r><w:drawing><a:blip r:embed="rId1"/></w:drawing></w:r>'
    data = docx(paragraph(more=drawing), related=[("image", "media/a.png", bytes(5_000))])
    with pytest.raises(RefusedError, match="no text in it; 1 picture was not read"):
        loaded(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is empty"),
        (b"plain text", r"no \.docx file by its content"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "before 2007; save it as .docx"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le"),
            "protected by a password",
        ),
        (zipped({"a.txt": "hello"}), "another zip archive"),
        (pptx([""]), "another zip archive"),
        (docx("")[:-200], "damaged"),
        (docx(""), "no text in it"),
        (docx("<w:p>"), "damaged"),
    ],
)
def test_what_is_no_document_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        loaded(data)


def test_an_entity_that_grows_is_not_resolved() -> None:
    entities = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>'
    inner = '<w:document xmlns:w="w"><w:body><w:p><w:r><w:t>ok &c;</w:t></w:r></w:p></w:body></w:document>'
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    relation = f'<Relationship Id="a" Type="{kind}" Target="d.xml"/>'
    relations = f"<Relationships>{relation}</Relationships>"
    data = zipped({"_rels/.rels": relations, "d.xml": entities + inner})
    assert len(loaded(data).text) < 40


def test_a_text_over_the_limit_is_refused() -> None:
    with pytest.raises(RefusedError, match="longer than 10 characters"):
        loaded(docx(paragraph("twelve chars")), options=Options(ocr=False, max_chars=10))
