import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tao_servers.knowledge.document import Document
from tao_servers.knowledge.loading import SUFFIXES, Options, RefusedError, read
from tao_servers.knowledge.loading.kinds import reader_of


def read_bytes(data: bytes, name: str) -> Document:
    return read(data, name=name, options=Options())


def archive(*names: str, mimetype: str = "") -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        for name in names:
            file.writestr(name, "x")
        if mimetype:
            file.writestr("mimetype", mimetype)
    return held.getvalue()


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100)


@pytest.mark.parametrize(
    ("data", "name", "reader"),
    [
        (b"%PDF-1.7\n", "a.txt", "pdf"),
        (b"\n%PDF-1.4\n", "a", "pdf"),
        (archive("word/document.xml"), "a.doc", "word"),
        (archive("ppt/presentation.xml"), "a.pptx", "slides"),
        (archive("xl/workbook.xml"), "a.docx", "sheets"),
        (archive("xl/workbook.bin"), "a.xlsb", "sheets"),
        (archive("a", mimetype="application/epub+zip"), "a.epub", "epub"),
        (archive("a", mimetype="application/vnd.oasis.opendocument.spreadsheet"), "a.ods", "sheets"),
        (OLE + "Workbook".encode("utf-16-le"), "a.xls", "sheets"),
        (b"\x89PNG\r\n\x1a\n", "a.txt", "pictures"),
        (b"RIFF\x00\x00\x00\x00WEBP", "a.webp", "pictures"),
        (b"<!DOCTYPE html><p>x", "a", "html"),
        (b"<html><table>", "export.xls", "html"),
        (b"a\tb\n1\t2\n", "export.xls", "delimited"),
        (b"text", "a.pdf", "plain"),
        (b"text", "README", "plain"),
        (b"FROM x", "Dockerfile", "code"),
        (b"x = 1", "a.PY", "code"),
        (b"BMI is a number", "a.txt", "plain"),
    ],
)
def test_what_is_in_a_file_outweighs_its_name(data: bytes, name: str, reader: str) -> None:
    assert reader_of(data, name) == reader


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        (OLE + "EncryptedPackage".encode("utf-16-le"), "a.xlsx", "password"),
        (OLE + "WordDocument".encode("utf-16-le"), "a.doc", r"save it as \.docx"),
        (OLE + "PowerPoint Document".encode("utf-16-le"), "a.ppt", r"save it as \.pptx"),
        (b"{\\rtf1 x}", "a.doc", r"save it as \.docx"),
        (b"\x1f\x8b\x08", "a.txt", "unpack it first"),
        (archive("a.txt"), "a.docx", "unpack it first"),
        (archive("a", mimetype="application/vnd.oasis.opendocument.text"), "a.odt", r"save it as \.docx"),
        (archive("a.txt")[:30], "a.docx", "damaged"),
        (b"SQLite format 3\x00", "a.txt", "database"),
        (b"\x7fELF\x00\x01" * 20, "a", "binary"),
        (b"", "a.txt", "there is no text in it"),
        (b" \n\t\n", "a.md", "there is no text in it"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_to_do(data: bytes, name: str, reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        read_bytes(data, name)


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("a.py", "python"),
        ("a.SQL", "sql"),
        ("a.tsx", "tsx"),
        ("a.yml", "yaml"),
        ("Makefile", "make"),
        ("CMakeLists.txt", "cmake"),
    ],
)
def test_program_code_is_kept_as_it_is_with_its_language(name: str, language: str) -> None:
    document = read_bytes("x = 1  # 注释\n".encode(), name)
    assert (document.form, document.language) == ("code", language)
    assert document.text == "x = 1  # 注释\n"


def test_entities_of_xml_are_never_expanded() -> None:
    laughs = '<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;&c;</a>\n'
    assert read_bytes(laughs.encode(), "a.xml").text == laughs


def test_half_characters_in_a_text_become_whole_ones() -> None:
    document = read_bytes(b'[{"a": "x\\ud800y"}]', "a.json")
    assert document.text == "a: x�y\n"


def test_all_the_usual_suffixes_are_known() -> None:
    usual = ".pdf .docx .pptx .xlsx .xls .csv .json .jsonl .html .md .txt .epub .ipynb .eml .py .png"
    assert set(usual.split()) <= SUFFIXES


TEXT_KINDS = (".txt", ".md", ".csv", ".tsv", ".json", ".jsonl", ".ipynb", ".eml", ".py", ".yaml", "")
BITS = (
    b"---\n",
    b"| a | b |\n",
    b"|-|-|\n",
    b"# x\n",
    b'{"a":',
    b"[1]",
    b"}\n",
    b'"',
    b",",
    b"\r\n",
    b"Subject: y\n",
)


@given(st.lists(st.sampled_from(BITS) | st.binary(max_size=8), max_size=30), st.sampled_from(TEXT_KINDS))
@settings(max_examples=100, deadline=None)
def test_whatever_is_in_a_file_it_becomes_a_sound_document_or_is_refused(
    bits: list[bytes], suffix: str
) -> None:
    try:
        document = read_bytes(b"".join(bits), "a" + suffix)
    except RefusedError as exc:
        reason = str(exc)
    else:
        reason = ""
    # That would be an error of ours, since these kinds have no damaged form.
    assert "damaged, or of an unusual form" not in reason
    if reason:
        return
    document.text.encode()
    assert document.text.strip()
    places = [*document.parts, *(h.start for h in document.headings), *(t.end for t in document.tables)]
    assert all(0 <= place <= len(document.text) for place in places)
    assert list(document.parts) == sorted(set(document.parts))
