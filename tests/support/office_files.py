"""Writes small docx, pptx, xlsx, ods and epub files from the XML that matters in a test."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

__all__ = ["Cell", "docx", "epub", "ods", "paragraph", "pptx", "shape", "table", "xlsx", "zipped"]

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_W = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    f'xmlns:r="{_OFFICE}" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:v="urn:schemas-microsoft-com:vml" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
)
_P = (
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    f'xmlns:r="{_OFFICE}" xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'
)
_S = f'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="{_OFFICE}"'

Cell = str | float | bool | None


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    """Pack parts into a zip archive."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return data.getvalue()


def _relations(*relations: tuple[str, str]) -> str:
    """Relations as (kind, target); their ids are rId1, rId2 and so on."""
    rows = "".join(
        f'<Relationship Id="rId{at}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for at, (kind, target) in enumerate(relations, 1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{rows}</Relationships>'


def _core(title: str | None) -> str:
    name = f"<dc:title>{escape(title)}</dc:title>" if title else ""
    return (
        f'<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/">'
        f"{name}<dc:creator>王小明</dc:creator><dcterms:created>2024-03-15T09:30:00Z</dcterms:created>"
        "</cp:coreProperties>"
    )


def _package(main: str, parts: Mapping[str, str | bytes], title: str | None) -> bytes:
    return zipped(
        {
            "_rels/.rels": _relations(("officeDocument", main), ("core-properties", "docProps/core.xml")),
            "docProps/core.xml": _core(title),
            **parts,
        }
    )


def paragraph(text: str = "", *, style: str = "", properties: str = "", more: str = "") -> str:
    """A paragraph of Word; `more` stands after its text."""
    name = f'<w:pStyle w:val="{style}"/>' if style else ""
    run = f'<w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r>' if text else ""
    return f"<w:p><w:pPr>{name}{properties}</w:pPr>{run}{more}</w:p>"


def table(*rows: Sequence[str], before: str = "") -> str:
    """A table of Word; cells that begin with `<` are taken as they are."""

    def cell(text: str) -> str:
        return text if text.startswith("<") else f"<w:tc>{paragraph(text)}</w:tc>"

    return "<w:tbl>" + "".join(f"<w:tr>{before}{''.join(map(cell, row))}</w:tr>" for row in rows) + "</w:tbl>"


def docx(
    body: str,
    *,
    title: str | None = None,
    related: Sequence[tuple[str, str, str | bytes]] = (),
) -> bytes:
    """A Word file; `related` are further parts as (kind, name, XML inside the root or bytes)."""
    parts: dict[str, str | bytes] = {
        "word/document.xml": f"<w:document {_W}><w:body>{body}</w:body></w:document>",
        "word/_rels/document.xml.rels": _relations(*((kind, name) for kind, name, _ in related)),
    }
    for kind, name, content in related:
        parts[f"word/{name}"] = (
            content if isinstance(content, bytes) else f"<w:{kind} {_W}>{content}</w:{kind}>"
        )
    return _package("word/document.xml", parts, title)


def shape(*lines: str, kind: str = "") -> str:
    """A shape of a slide with paragraphs; `kind` is that of its placeholder."""
    place = f'<p:nvPr><p:ph type="{kind}"/></p:nvPr>' if kind else "<p:nvPr/>"
    text = "".join(f"<a:p><a:r><a:t>{escape(line)}</a:t></a:r></a:p>" for line in lines)
    return f"<p:sp><p:nvSpPr>{place}</p:nvSpPr><p:txBody>{text}</p:txBody></p:sp>"


def pptx(
    slides: Sequence[str],
    *,
    notes: Mapping[int, str] | None = None,
    chart: tuple[int, str] | None = None,
    title: str | None = None,
) -> bytes:
    """A presentation of slides (the XML of their shapes); notes and a chart by the slide's number from 0."""
    tree = "<p:cSld><p:spTree>{}</p:spTree></p:cSld>"
    ids = "".join(f'<p:sldId id="{255 + at}" r:id="rId{at}"/>' for at in range(1, len(slides) + 1))
    targets = [("slide", f"slides/slide{at}.xml") for at in range(len(slides))]
    parts: dict[str, str | bytes] = {
        "ppt/presentation.xml": f"<p:presentation {_P}><p:sldIdLst>{ids}</p:sldIdLst></p:presentation>",
        "ppt/_rels/presentation.xml.rels": _relations(*targets),
    }
    for at, shapes in enumerate(slides):
        parts[f"ppt/slides/slide{at}.xml"] = f"<p:sld {_P}>{tree.format(shapes)}</p:sld>"
        related = []
        if chart and chart[0] == at:
            related.append(("chart", "../charts/chart1.xml"))
            parts["ppt/charts/chart1.xml"] = f"<c:chartSpace {_P}>{chart[1]}</c:chartSpace>"
        if notes and at in notes:
            related.append(("notesSlide", f"../notesSlides/notes{at}.xml"))
            shown = tree.format(shape(notes[at], kind="body"))
            parts[f"ppt/notesSlides/notes{at}.xml"] = f"<p:notes {_P}>{shown}</p:notes>"
        parts[f"ppt/slides/_rels/slide{at}.xml.rels"] = _relations(*related)
    return _package("ppt/presentation.xml", parts, title)


def xlsx(
    sheets: Mapping[str, Sequence[Sequence[Cell]]],
    *,
    merged: Sequence[str] = (),
    comments: Mapping[str, str] | None = None,
    title: str | None = None,
) -> bytes:
    """A workbook; merged ranges and comments are of its first sheet."""
    names = list(sheets)
    listed = "".join(
        f'<sheet name="{escape(name)}" sheetId="{at}" r:id="rId{at}"/>' for at, name in enumerate(names, 1)
    )
    files = [("worksheet", f"worksheets/sheet{at}.xml") for at in range(1, len(names) + 1)]
    parts: dict[str, str | bytes] = {
        "xl/workbook.xml": f"<workbook {_S}><sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": _relations(*files, ("styles", "styles.xml")),
        # Style 1 is a date, style 2 a time.
        "xl/styles.xml": f'<styleSheet {_S}><cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="14"/>'
        '<xf numFmtId="20"/></cellXfs></styleSheet>',
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
    }
    for at, (_, rows) in enumerate(sheets.items(), 1):
        spans = "".join(f'<mergeCell ref="{span}"/>' for span in merged) if at == 1 else ""
        data = "".join(_row(number, row) for number, row in enumerate(rows, 1))
        merges = f"<mergeCells>{spans}</mergeCells>" if spans else ""
        parts[f"xl/worksheets/sheet{at}.xml"] = (
            f"<worksheet {_S}><sheetData>{data}</sheetData>{merges}</worksheet>"
        )
    if comments:
        rows = "".join(
            f'<comment ref="{at}"><text><r><t>{text}</t></r></text></comment>'
            for at, text in comments.items()
        )
        parts["xl/comments1.xml"] = f"<comments {_S}><commentList>{rows}</commentList></comments>"
        parts["xl/worksheets/_rels/sheet1.xml.rels"] = _relations(("comments", "../comments1.xml"))
    return _package("xl/workbook.xml", parts, title)


def _row(number: int, row: Sequence[Cell]) -> str:
    cells = "".join(
        _cell(f"{chr(ord('A') + at)}{number}", cell) for at, cell in enumerate(row) if cell is not None
    )
    return f'<row r="{number}">{cells}</row>'


def _cell(at: str, cell: Cell) -> str:
    if isinstance(cell, bool):
        return f'<c r="{at}" t="b"><v>{int(cell)}</v></c>'
    if isinstance(cell, str) and cell.startswith("="):
        style, _, value = cell[1:].partition(":")
        return f'<c r="{at}" s="{style}"><v>{value}</v></c>'
    if isinstance(cell, str):
        return f'<c r="{at}" t="inlineStr"><is><t xml:space="preserve">{escape(cell)}</t></is></c>'
    return f'<c r="{at}"><v>{cell}</v></c>'


def ods(name: str, rows: Sequence[Sequence[str]]) -> bytes:
    """A workbook of OpenDocument with one sheet of texts."""
    space = "urn:oasis:names:tc:opendocument:xmlns:"
    cells = "".join(
        "<t:table-row>"
        + "".join(
            f'<t:table-cell o:value-type="string"><x:p>{escape(cell)}</x:p></t:table-cell>' for cell in row
        )
        + "</t:table-row>"
        for row in rows
    )
    content = (
        f'<o:document-content xmlns:o="{space}office:1.0" xmlns:t="{space}table:1.0" '
        f'xmlns:x="{space}text:1.0">'
        f'<o:body><o:spreadsheet><t:table t:name="{name}">{cells}</t:table></o:spreadsheet></o:body>'
        "</o:document-content>"
    )
    # Readers look for these very prefixes.
    for short, long in (("o:", "office:"), ("t:", "table:"), ("x:", "text:")):
        for before in ("<", "</", " ", "xmlns:"):
            content = content.replace(before + short, before + long)
    content = content.replace("xmlns:o=", "xmlns:office=").replace("xmlns:t=", "xmlns:table=")
    content = content.replace("xmlns:x=", "xmlns:text=")
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = f'<manifest:manifest xmlns:manifest="{space}manifest:1.0"/>'
    return zipped({"mimetype": kind, "content.xml": content, "META-INF/manifest.xml": manifest})


def epub(chapters: Mapping[str, str | None], *, names: Mapping[str, str] | None = None, **more: str) -> bytes:
    """A book, a chapter that is None being named but missing.

    `names` are those that its table of contents gives to chapters, `more` other files of META-INF.
    """
    items = "".join(
        f'<item id="i{at}" href="{name}" media-type="application/xhtml+xml"/>'
        for at, name in enumerate(chapters)
    )
    order = "".join(f'<itemref idref="i{at}"/>' for at in range(len(chapters)))
    points = "".join(
        f'<navPoint><navLabel><text>{label}</text></navLabel><content src="{target}"/></navPoint>'
        for target, label in (names or {}).items()
    )
    book = (
        '<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        "<dc:title>三国演义</dc:title><dc:creator>罗贯中</dc:creator><dc:date>1522</dc:date></metadata>"
        f'<manifest>{items}<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/></manifest>'
        f'<spine toc="ncx">{order}</spine></package>'
    )
    container = '<container><rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": container,
            "OEBPS/book.opf": book,
            "OEBPS/toc.ncx": f"<ncx><navMap>{points}</navMap></ncx>",
            **{f"OEBPS/{name}": data for name, data in chapters.items() if data is not None},
            **{f"META-INF/{name}.xml": data for name, data in more.items()},
        }
    )
