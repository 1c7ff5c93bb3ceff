import pytest

from tao_servers.knowledge.document import Document
from tao_servers.knowledge.loading import Options, RefusedError
from tao_servers.knowledge.loading.epub import read
from tests.support.office_files import epub, zipped

FIRST = "<html><head><title/></head><body><h1>第一回</h1><p>话说天下大势&nbsp;分久必合</p></body></html>"


def chapter(text: str) -> str:
    return f"<html><body><p>{text}</p></body></html>"


def loaded(data: bytes) -> Document:
    return read(data, name="a.epub", options=Options())


def test_chapters_are_read_in_their_order_with_their_headings() -> None:
    document = loaded(epub({"z.xhtml": FIRST, "a b.xhtml": chapter("Second chapter.")}))
    assert document.text == "第一回\n\n话说天下大势 分久必合\n\nSecond chapter.\n"
    assert [heading.text for heading in document.headings] == ["第一回"]
    assert (document.title, document.author, document.created) == ("三国演义", "罗贯中", "1522")


def test_a_chapter_without_a_heading_gets_its_name_in_the_contents() -> None:
    names = {"one.xhtml": "已有标题", "two.xhtml#start": "第二回"}
    document = loaded(epub({"one.xhtml": FIRST, "two.xhtml": chapter("却说")}, names=names))
    assert [heading.text for heading in document.headings] == ["第一回", "第二回"]


def test_a_chapter_that_declares_entities_keeps_its_text() -> None:
    page = '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "x.dtd">' + chapter(
        "caf&eacute;&nbsp;au lait &amp; tea"
    )
    assert loaded(epub({"a.xhtml": page})).text == "café au lait & tea\n"


def test_a_chapter_that_is_not_well_formed_is_read_all_the_same() -> None:
    assert loaded(epub({"a.xhtml": "<html><body><p>one<br>two</body>"})).text == "one\ntwo\n"


def test_a_chapter_that_is_missing_is_told() -> None:
    document = loaded(epub({"a.xhtml": chapter("Here."), "b.xhtml": None}))
    assert document.text == "Here.\n"
    assert document.unread == ("1 of its chapters: they are not in the file",)


def test_a_protected_book_is_refused() -> None:
    method = '<encryption><EncryptedData><EncryptionMethod Algorithm="http://x/aes256-cbc"/></EncryptedData></encryption>'
    with pytest.raises(RefusedError, match="protected against copying"):
        loaded(epub({"a.xhtml": chapter("Secret.")}, encryption=method))


def test_scrambled_fonts_protect_no_book() -> None:
    method = '<encryption><EncryptionMethod Algorithm="http://www.idpf.org/2008/embedding"/></encryption>'
    assert loaded(epub({"a.xhtml": chapter("Open.")}, encryption=method)).text == "Open.\n"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is empty"),
        (b"not a zip", r"no \.epub file by its content"),
        (zipped({"a.txt": "hello"}), "another zip archive"),
        (epub({}), "no text in it"),
        (epub({"a.xhtml": chapter("x")})[:-60], "damaged"),
    ],
)
def test_what_is_no_book_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        loaded(data)
