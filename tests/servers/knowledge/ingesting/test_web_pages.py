from collections.abc import AsyncIterator, Callable

import anyio
import httpx
import pytest

from tao_servers.knowledge.ingesting.origin import Origin
from tao_servers.knowledge.ingesting.web import Web
from tao_servers.knowledge.loading import Options, RefusedError, read

Handler = Callable[[httpx.Request], httpx.Response]


def fetch(url: str, handler: Handler, *, limit: int = 10_000, seconds: float = 5.0) -> Origin:
    return Web(limit, seconds, {"team": ["财务"]}, httpx.MockTransport(handler)).fetch(url)


def answering(content: bytes, kind: str | None = None) -> Handler:
    headers = {} if kind is None else {"content-type": kind}
    return lambda _: httpx.Response(200, content=content, headers=headers)


def test_a_page_becomes_a_document_known_by_its_address() -> None:
    page = "<html><title>年假</title><body><p>每年五天。</p></body></html>".encode()
    origin = fetch("https://example.com/hr/leave?year=2024#days", answering(page, "text/html; charset=utf-8"))
    assert origin.source == "https://example.com/hr/leave?year=2024"
    assert origin.name == "leave.html"
    assert origin.attributes == {"team": ["财务"]}
    assert "每年五天" in read(origin.data or b"", name=origin.name, options=Options()).text


@pytest.mark.parametrize(
    ("path", "kind", "name"),
    [
        ("/", "text/html", "index.html"),
        ("/a/b/", "text/html", "b.html"),
        ("/page.php", "text/html", "page.php.html"),
        ("/main.py", "text/plain", "main.py"),
        ("/README.md", "text/plain; charset=utf-8", "README.md"),
        ("/notes", "text/plain", "notes.txt"),
        ("/a.pdf", "application/octet-stream", "a.pdf"),
        ("/a.pdf", "application/pdf", "a.pdf"),
        ("/download", "application/pdf", "download.pdf"),
        ("/data", "text/csv", "data.csv"),
        ("/x", None, "x"),
        ("/%E5%B9%B4%E5%81%87.docx", "binary/octet-stream", "年假.docx"),
    ],
)
def test_the_name_tells_the_kind_that_the_server_told(path: str, kind: str | None, name: str) -> None:
    assert fetch(f"https://example.com{path}", answering(b"x", kind)).name == name


@pytest.mark.parametrize("charset", ["gb2312", "GBK", "gb18030", "big5", "shift_jis", "utf-16"])
def test_the_servers_word_on_the_encoding_counts(charset: str) -> None:
    text = "日本中文文字"
    page = f"<html><body><p>{text}</p></body></html>".encode(charset)
    origin = fetch("https://example.com/a", answering(page, f"text/html; charset={charset}"))
    assert text in read(origin.data or b"", name=origin.name, options=Options()).text


@pytest.mark.parametrize("charset", ["latin-1", "utf-8", "gb2312", "base64", "no-such", "'"])
def test_a_wrong_word_on_the_encoding_does_no_harm(charset: str) -> None:
    page = "<html><meta charset='utf-8'><body><p>每年有五天的年假，请提前申请。</p></body></html>".encode()
    origin = fetch("https://example.com/a", answering(page, f"text/html; charset={charset}"))
    text = read(origin.data or b"", name=origin.name, options=Options()).text
    assert charset == "gb2312" or "年假" in text


def test_redirections_are_followed_and_the_address_that_was_given_stays() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/old":
            return httpx.Response(301, headers={"location": "https://example.org/new.txt"})
        return httpx.Response(200, content=b"text", headers={"content-type": "text/plain"})

    origin = fetch("http://example.com/old", answer)
    assert (origin.source, origin.name) == ("http://example.com/old", "new.txt")


def test_a_password_in_an_address_is_sent_and_not_kept() -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["authorization"])
        return httpx.Response(200, content=b"text")

    origin = fetch("https://me:secret@example.com/a.txt", answer)
    assert origin.source == "https://example.com/a.txt"
    assert seen[0].startswith("Basic ")


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://example.com/a", "/", "http://[", ""])
def test_redirections_to_nowhere_and_to_files_are_refused(location: str) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(302, headers={"location": location})

    with pytest.raises(RefusedError, match=r"http|redirect|fetched|302"):
        fetch("https://example.com/", answer)


@pytest.mark.parametrize("status", [204, 401, 403, 404, 500])
def test_an_answer_that_is_no_page_is_refused_by_its_number(status: int) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status)

    if status == 204:
        assert fetch("https://example.com/", answer).data == b""
        return
    with pytest.raises(RefusedError, match=f"the server answered {status}"):
        fetch("https://example.com/", answer)


def test_a_page_without_end_is_left_at_the_limit() -> None:
    sent = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1000
            yield b"x" * 1000

    with pytest.raises(RefusedError, match="which is the limit"):
        fetch("https://example.com/", lambda _: httpx.Response(200, content=body()), limit=5000)
    assert sent < 10_000


def test_a_page_that_never_comes_is_given_up_in_time() -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"x"
        await anyio.sleep_forever()

    with pytest.raises(RefusedError, match=r"took more than 0\.05 seconds"):
        fetch("https://example.com/", lambda _: httpx.Response(200, content=body()), seconds=0.05)


@pytest.mark.parametrize("error", [httpx.ConnectError("refused"), httpx.ReadTimeout(""), OSError("broken")])
def test_a_server_that_is_not_there_is_refused_with_the_reason(error: Exception) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        raise error

    with pytest.raises(RefusedError, match=r"cannot be fetched|silent"):
        fetch("https://example.com/", answer)


@pytest.mark.parametrize("url", ["http://", "https://[::1", "https://example.com:port/"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(RefusedError):
        fetch(url, answering(b"x"))
