"""Reads workbooks: xlsx, xlsm, xlsb, xls and ods, each sheet a page and each block of cells a table."""

from tao_servers.knowledge.document import Document
from tao_servers.knowledge.loading.errors import RefusedError
from tao_servers.knowledge.loading.ocr import PictureReader
from tao_servers.knowledge.loading.office_package import Package
from tao_servers.knowledge.loading.options import Options
from tao_servers.knowledge.loading.sheet_blocks import blocks
from tao_servers.knowledge.loading.sheet_cells import check, failures, opened, rows, sheets
from tao_servers.knowledge.loading.sheet_extras import Extra, extras
from tao_servers.knowledge.loading.text_building import TextBuilder

__all__ = ["read"]


def read(data: bytes, *, name: str, options: Options) -> Document:
    """Read a workbook; its pages are sheets, whose names are headings.

    Raises:
        RefusedError: it is protected, damaged, something else, too large, or empty.
    """
    check(data, options)
    pictures = PictureReader(options)
    beside: dict[str, list[Extra]] = {}
    known: dict[str, str] = {}
    if data.startswith(b"PK"):
        with Package(data, options, kind=".xlsx") as package:
            beside, known = extras(package, pictures), package.properties()
    builder = TextBuilder(options)
    with failures():
        filled = _read(data, builder, beside, options)
    if not filled:
        raise RefusedError("; ".join(["its sheets are empty", *pictures.unread()]))
    return builder.document(unread=pictures.unread(), **known)


def _read(data: bytes, builder: TextBuilder, beside: dict[str, list[Extra]], options: Options) -> bool:
    filled = False
    workbook = opened(data)
    for name, has_cells in sheets(workbook):
        builder.page()
        builder.heading(name, 1)
        before = builder.length
        for block in blocks(rows(workbook, name, options)) if has_cells else ():
            builder.table(block)
        for item in beside.get(name, ()):
            if isinstance(item, str):
                builder.paragraph(item)
            else:
                builder.table(item)
        filled |= builder.length > before
    return filled
