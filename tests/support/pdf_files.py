"""Writes small PDF files, Chinese ones and protected ones included, without a library."""

import hashlib
import zlib
from collections.abc import Sequence

__all__ = ["Picture", "pdf"]

_PADDING = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")
_ALLOWED = -4
_IDENTITY = b"0123456789abcdef"

Picture = tuple[int, int, bytes]
"""Width, height and bytes of a grey picture that fills its page."""


def pdf(
    pages: Sequence[Sequence[str] | Picture],
    *,
    info: dict[str, str] | None = None,
    bookmarks: Sequence[tuple[int, str]] = (),
    note: str | None = None,
    field: tuple[str, str] | None = None,
    password: str | None = None,
) -> bytes:
    """Write a file whose pages have lines of text, or one picture each.

    `bookmarks` are (page from 0, title). A note and a form field as (name, value) stand on the first page.
    The password is asked for, but nothing is encrypted with it: enough for what must not be read at all.
    """
    file = _File()
    file.add("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>", name="latin")
    file.add(
        "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo "
        "<< /Registry (Adobe) /Ordering (GB1) /Supplement 4 >> /FontDescriptor << /Type /FontDescriptor "
        "/FontName /STSong-Light /Flags 6 /FontBBox [0 -200 1000 900] /ItalicAngle 0 /Ascent 880 "
        "/Descent -120 /CapHeight 880 /StemV 90 >> >>",
        name="song",
    )
    file.add(
        "<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UTF16-H "
        f"/DescendantFonts [{file.ref('song')}] >>",
        name="chinese",
    )
    kids = [
        _page(file, page, _annotations(file, note, field) if at == 0 else "") for at, page in enumerate(pages)
    ]
    file.add(f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>", name="pages")
    outlines = _outlines(file, bookmarks, kids)
    file.add(f"<< /Type /Catalog /Pages {file.ref('pages')} {outlines} >>", name="catalog")
    words = " ".join(f"/{key} {_text(value)}" for key, value in (info or {}).items())
    file.add(f"<< {words} >>", name="info")
    return file.written(_protection(file, password) if password else "")


class _File:
    def __init__(self) -> None:
        self._objects: list[bytes] = []
        self._names: dict[str, int] = {"pages": 1}
        self._objects.append(b"")

    def add(self, body: str | bytes, *, name: str = "") -> str:
        data = body.encode("latin-1") if isinstance(body, str) else body
        if name in self._names:
            self._objects[self._names[name] - 1] = data
            return self.ref(name)
        self._objects.append(data)
        self._names[name or str(len(self._objects))] = len(self._objects)
        return f"{len(self._objects)} 0 R"

    def ref(self, name: str) -> str:
        return f"{self._names[name]} 0 R"

    def stream(self, data: bytes, words: str = "") -> str:
        packed = zlib.compress(data)
        head = f"<< /Length {len(packed)} /Filter /FlateDecode {words} >>\nstream\n".encode("latin-1")
        return self.add(head + packed + b"\nendstream")

    def written(self, trailer: str) -> bytes:
        data, places = b"%PDF-1.7\n", []
        for number, body in enumerate(self._objects, 1):
            places.append(len(data))
            data += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
        table = f"xref\n0 {len(places) + 1}\n0000000000 65535 f \n" + "".join(
            f"{p:010} 00000 n \n" for p in places
        )
        identity = f"<{_IDENTITY.hex()}>"
        return data + (
            f"{table}trailer\n<< /Size {len(places) + 1} /Root {self.ref('catalog')} "
            f"/Info {self.ref('info')} /ID [{identity} {identity}] {trailer} >>\n"
            f"startxref\n{len(data)}\n%%EOF\n"
        ).encode("latin-1")


def _text(text: str) -> str:
    return f"<feff{text.encode('utf-16-be').hex()}>"


def _page(file: _File, page: Sequence[str] | Picture, annotations: str) -> str:
    if page and isinstance(page[0], int):
        width, height, pixels = page
        assert isinstance(pixels, bytes)
        words = f"/Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace /DeviceGray"
        picture = file.stream(pixels, f"{words} /BitsPerComponent 8")
        content, resources = b"595 0 0 842 0 0 cm /Im0 Do", f"/XObject << /Im0 {picture} >>"
    else:
        content = b"".join(_line(str(line), 800 - 16 * at) for at, line in enumerate(page))
        resources = f"/Font << /F1 {file.ref('latin')} /F2 {file.ref('chinese')} >>"
    return file.add(
        f"<< /Type /Page /Parent {file.ref('pages')} /MediaBox [0 0 595 842] /Resources << {resources} >> "
        f"/Contents {file.stream(content)} {annotations} >>"
    )


def _line(line: str, height: int) -> bytes:
    if line.isascii():
        font, shown = "F1", "(" + line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)") + ")"
    else:
        font, shown = "F2", f"<{line.encode('utf-16-be').hex()}>"
    return f"BT /{font} 12 Tf 40 {height} Td {shown} Tj ET\n".encode("latin-1")


def _annotations(file: _File, note: str | None, field: tuple[str, str] | None) -> str:
    found = []
    if note is not None:
        found.append(
            file.add(f"<< /Type /Annot /Subtype /Text /Rect [10 10 30 30] /Contents {_text(note)} >>")
        )
    if field is not None:
        words = f"/FT /Tx /T {_text(field[0])} /V {_text(field[1])}"
        found.append(file.add(f"<< /Type /Annot /Subtype /Widget /Rect [10 40 90 60] {words} >>"))
    return f"/Annots [{' '.join(found)}]"


def _outlines(file: _File, bookmarks: Sequence[tuple[int, str]], kids: list[str]) -> str:
    if not bookmarks:
        return ""
    first = len(file._objects) + 2
    last = first + len(bookmarks) - 1
    root = file.add(f"<< /Type /Outlines /First {first} 0 R /Last {last} 0 R /Count {len(bookmarks)} >>")
    for at, (page, title) in enumerate(bookmarks):
        following = f"/Next {first + at + 1} 0 R" if at + 1 < len(bookmarks) else ""
        file.add(f"<< /Title {_text(title)} /Parent {root} {following} /Dest [{kids[page]} /Fit] >>")
    return f"/Outlines {root}"


def _protection(file: _File, password: str) -> str:
    """The standard handler, revision 2 (ISO 32000-1, 7.6.3)."""
    padded = (password.encode("latin-1") + _PADDING)[:32]
    owner = _rc4(hashlib.md5(padded).digest()[:5], padded)
    allowed = (_ALLOWED & 0xFFFFFFFF).to_bytes(4, "little")
    key = hashlib.md5(padded + owner + allowed + _IDENTITY).digest()[:5]
    words = f"/Filter /Standard /V 1 /R 2 /O <{owner.hex()}> /U <{_rc4(key, _PADDING).hex()}> /P {_ALLOWED}"
    return f"/Encrypt {file.add(f'<< {words} >>')}"


def _rc4(key: bytes, data: bytes) -> bytes:
    state, swap = list(range(256)), 0
    for at in range(256):
        swap = (swap + state[at] + key[at % len(key)]) % 256
        state[at], state[swap] = state[swap], state[at]
    first = second = 0
    out = bytearray()
    for byte in data:
        first = (first + 1) % 256
        second = (second + state[first]) % 256
        state[first], state[second] = state[second], state[first]
        out.append(byte ^ state[(state[first] + state[second]) % 256])
    return bytes(out)
