import io
from importlib.util import find_spec

import pytest

from tao_servers.knowledge.loading import Options, RefusedError
from tao_servers.knowledge.loading.pdf import read as read_pdf
from tao_servers.knowledge.loading.pictures import read
from tao_servers.knowledge.loading.reading_order import Box, arrange
from tao_servers.knowledge.loading.word import read as read_word
from tests.support.office_files import docx, paragraph
from tests.support.pdf_files import Picture, pdf

needs_ocr = pytest.mark.skipif(find_spec("rapidocr") is None, reason="the extra `ocr` is not installed")


def picture(*lines: str, form: str = "PNG") -> bytes:
    from PIL import Image, ImageDraw, ImageFont

    drawn = Image.new("L", (900, 1_270), "white")
    pen, font = ImageDraw.Draw(drawn), ImageFont.load_default(40)
    for at, line in enumerate(lines):
        pen.text((40, 40 + 60 * at), line, fill="black", font=font)
    data = io.BytesIO()
    drawn.save(data, form)
    return data.getvalue()


def pixels(data: bytes) -> Picture:
    from PIL import Image

    drawn = Image.open(io.BytesIO(data))
    return drawn.width, drawn.height, drawn.tobytes()


def test_a_picture_is_refused_where_reading_is_turned_off() -> None:
    with pytest.raises(RefusedError, match="it is a picture; reading pictures is turned off"):
        read(b"\x89PNG", name="a.png", options=Options(ocr=False))


@needs_ocr
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is empty"),
        (b"\x89PNG\r\n\x1a\n", "no picture that can be read"),
        (b"plain text", "no picture that can be read"),
        # A head that promises more pixels than any memory holds.
        (b"BM" + bytes(12) + b"\x28\0\0\0" + b"\xff\xff\0\0" * 2 + b"\1\0\x18\0" + bytes(24), "pixels"),
    ],
)
def test_what_is_no_picture_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        read(data, name="a.png", options=Options())


@needs_ocr
def test_a_truncated_picture_is_refused() -> None:
    with pytest.raises(RefusedError, match="damaged picture"):
        read(picture("Some words", form="JPEG")[:-800], name="a.jpg", options=Options())


@needs_ocr
@pytest.mark.real
def test_the_text_of_pictures_is_read_wherever_they_are() -> None:
    data = picture("Safety seat 699", "Leather shoes 399")
    words = ["Safety", "seat", "699", "Leather", "shoes", "399"]
    assert read(data, name="a.png", options=Options()).text.split() == words
    scan = read_pdf(pdf([["A page of text"], pixels(data)]), name="a.pdf", options=Options())
    assert "Leather shoes 399" in scan.text[scan.pages[1] :]
    assert not scan.unread
    drawing = '<w:r><w:drawing><a:blip r:embed="rId1"/></w:drawing></w:r>'
    word = docx(paragraph("See:", more=drawing), related=[("image", "media/a.png", data)])
    assert "Safety seat 699" in read_word(word, name="a.docx", options=Options()).text


@needs_ocr
@pytest.mark.real
def test_a_picture_without_text_is_refused() -> None:
    with pytest.raises(RefusedError, match="no text was found"):
        read(picture(), name="a.png", options=Options())


def test_pieces_of_a_line_stand_beside_each_other() -> None:
    boxes = [Box(300, 11, 400, 31, "399"), Box(0, 10, 100, 30, "Shoes"), Box(0, 40, 100, 60, "Seat")]
    assert arrange(boxes) == ["Shoes 399", "Seat"]


def test_columns_are_read_one_after_the_other() -> None:
    left = [Box(0, 30 * at, 400, 30 * at + 20, f"left {at}") for at in range(5)]
    right = [Box(450, 30 * at, 850, 30 * at + 20, f"right {at}") for at in range(5)]
    assert arrange([*right, *left]) == [box.text for box in (*left, *right)]


def test_nothing_is_arranged_into_nothing() -> None:
    assert arrange([]) == []
