import base64
import json
from email.message import EmailMessage
from typing import Any

import pytest

from tao_servers.knowledge.document import Document
from tao_servers.knowledge.loading import Options, RefusedError, read


def notebook(*cells: dict[str, Any], **more: Any) -> Document:
    return read(json.dumps({"cells": cells, **more}).encode(), name="a.ipynb", options=Options())


def mail(data: bytes, options: Options | None = None) -> Document:
    return read(data, name="a.eml", options=options or Options())


def message(text: str = "正文在此。") -> EmailMessage:
    made = EmailMessage()
    made["Subject"] = "年假规定"
    made["From"] = "张三 <zhang@example.com>"
    made["Date"] = "Mon, 02 Sep 2024 10:00:00 +0800"
    made.set_content(text)
    return made


def test_a_notebook_becomes_markdown_with_its_code_and_what_it_printed() -> None:
    document = notebook(
        {"cell_type": "markdown", "source": ["# 分析\n", "文字"]},
        {
            "cell_type": "code",
            "source": "print('```')",
            "outputs": [
                {"output_type": "stream", "text": ["\x1b[31m42\x1b[0m\n"]},
                {"output_type": "display_data", "data": {"image/png": "AAAA", "text/plain": "<Figure>"}},
                {"output_type": "error", "ename": "KeyError", "evalue": "'x'", "traceback": []},
            ],
        },
        metadata={"language_info": {"name": "python"}},
    )
    assert document.text == (
        "# 分析\n文字\n\n```python\nprint('```')\n```\n\n```\n42\n```\n\n```\n<Figure>\n```\n\n"
        "```\nKeyError: 'x'\n```\n"
    )
    assert (document.form, document.language, document.title) == ("markdown", "python", "分析")
    assert document.unread == ("1 pictures in its outputs",)


def test_an_output_that_is_a_page_alone_is_read_as_one_sees_it() -> None:
    page = {"text/html": ["<table><tr><th>商品<th>价格", "<tr><td>鞋<td>399</table><script>x()</script>"]}
    outputs = [{"output_type": "display_data", "data": page}]
    document = notebook({"cell_type": "code", "source": "show()", "outputs": outputs})
    assert document.text.endswith("```\n商品\t价格\n鞋\t399\n```\n")


def test_a_fence_within_code_does_not_end_it() -> None:
    document = notebook({"cell_type": "code", "source": "```\n# no heading\n```"}, {"source": "# one"})
    assert [heading.text for heading in document.headings] == ["one"]


def test_notebooks_of_the_third_version_are_read() -> None:
    old = {"worksheets": [{"cells": [{"cell_type": "code", "input": "x = 1", "outputs": []}]}]}
    assert "x = 1" in read(json.dumps(old).encode(), name="a.ipynb", options=Options()).text


@pytest.mark.parametrize("data", [b"[]", b'{"cells": 3}', b"no json", b'{"metadata": {}}'])
def test_what_is_no_notebook_is_refused(data: bytes) -> None:
    with pytest.raises(RefusedError, match="notebook"):
        read(data, name="a.ipynb", options=Options())


def test_a_message_begins_with_its_headers() -> None:
    document = mail(message().as_bytes())
    assert document.text.startswith("Subject: 年假规定\nFrom: 张三 <zhang@example.com>\nDate: ")
    assert document.text.endswith("\n\n正文在此。\n")
    assert (document.title, document.created) == ("年假规定", "2024-09-02T10:00:00+08:00")


def test_headers_and_text_in_mislabelled_gbk_are_read() -> None:
    subject = base64.b64encode("朱镕".encode("gbk")).decode()
    head = f"Subject: =?GB2312?B?{subject}?=\r\nContent-Type: text/plain; charset=gb2312\r\n"
    raw = b"From: " + "财务部门的通知".encode("gbk") + b"\r\n"
    document = mail(head.encode() + raw + b"\r\n" + "你好，请查收。".encode("gbk"))
    assert (document.title, document.author) == ("朱镕", "财务部门的通知")
    assert "你好，请查收。" in document.text


def test_what_is_lost_of_a_broken_message_is_told() -> None:
    head = b"Subject: x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    document = mail(head + "年假十五天，病假另算。".encode() * 9 + b"\xff")
    assert document.unread == ("its text: 1 broken characters (not utf-8), the first in line 1",)
    assert mail(head + b"\x00\x01\x02" * 99).unread == ("its text: it is binary, not text",)


def test_attachments_are_read_by_their_kind_and_begin_a_part() -> None:
    made = message()
    made.add_attachment("name,price\n鞋,399\n".encode(), maintype="text", subtype="csv", filename="价格.csv")
    made.add_attachment(b"\x1f\x8b\x08", maintype="application", subtype="gzip", filename="b.gz")
    document = mail(made.as_bytes())
    (table,) = document.tables
    assert document.text[table.start : table.end] == "name,price\n鞋,399"
    assert document.text[document.parts[1] :].startswith("价格.csv\n")
    assert [heading.text for heading in document.headings] == ["价格.csv"]
    assert document.unread == ("attachment b.gz: it is a compressed archive; unpack it first",)


def test_of_a_text_in_two_forms_the_plain_one_is_read() -> None:
    made = message("the plain words")
    made.add_alternative("<p>the same in HTML</p>", subtype="html")
    document = mail(made.as_bytes())
    assert "plain words" in document.text
    assert "HTML" not in document.text


def test_messages_within_messages_are_opened_so_many_deep() -> None:
    made = message("innermost")
    for _ in range(4):
        outer = message("outer")
        outer.add_attachment(made)
        made = outer
    document = mail(made.as_bytes(), Options(depth=2))
    assert document.text.count("outer") == 3
    assert "innermost" not in document.text
    assert "nested too deeply" in document.unread[0]


def test_the_number_of_attachments_is_bounded() -> None:
    made = message()
    for number in range(60):
        made.add_attachment(f"text {number}.", filename=f"{number}.txt")
    document = mail(made.as_bytes())
    assert "text 49." in document.text
    assert document.unread == ("10 further attachments",)


def test_attachments_count_towards_the_limit_of_the_text() -> None:
    made = message()
    made.add_attachment("x" * 5000, filename="a.txt")
    document = mail(made.as_bytes(), Options(max_chars=1000))
    assert "xxx" not in document.text
    assert "attachment a.txt: its text has" in document.unread[0]


def test_what_has_no_headers_is_no_message() -> None:
    with pytest.raises(RefusedError, match="no headers"):
        mail(b"\n\nno headers")


@pytest.mark.parametrize("data", [b"Subject: \xff\xfe\r\n\r\nx", b"Date: never\n\nx"])
def test_odd_headers_are_no_reason_to_refuse(data: bytes) -> None:
    document = mail(data)
    assert document.created is None
    assert document.text.endswith("\nx\n")


def test_a_message_of_too_many_levels_is_refused_within_bounds() -> None:
    levels = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3000))
    with pytest.raises(RefusedError, match=r"nested too deeply|parts"):
        mail(b"Subject: x\n" + levels + b"\ntext")


def test_the_bytes_of_pictures_are_no_text() -> None:
    cell = {"cell_type": "markdown", "source": "![plot](data:image/png;base64,iVBORw0KGgo=) 说明"}
    document = notebook(cell)
    assert document.text == "![plot]() 说明\n"
    assert document.unread == ("1 pictures that are written into its text",)
