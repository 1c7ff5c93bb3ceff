import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tao_servers.knowledge.document import Document
from tao_servers.knowledge.loading import Options, RefusedError
from tao_servers.knowledge.loading.html import read

PLAIN = Options()


def loaded(page: str | bytes, *, options: Options = PLAIN) -> Document:
    data = page.encode() if isinstance(page, str) else page
    return read(data, name="a.html", options=options)


def test_headings_blocks_and_lists_become_lines() -> None:
    document = loaded(
        "<h1>公司  <b>规定</b></h1><p>第一段，<b>重</b>要。</p><p>Second<br>line</p>"
        "<ul><li>one</li><li>two <a href='#'>linked</a></li></ul><h3>Deep</h3><div>end</div>"
    )
    assert document.text == "公司 规定\n\n第一段，重要。\n\nSecond\nline\n\none\ntwo linked\n\nDeep\n\nend\n"
    assert [(h.level, h.text) for h in document.headings] == [(1, "公司 规定"), (3, "Deep")]
    assert all(document.text.startswith(h.text, h.start) for h in document.headings)


def test_what_is_not_seen_is_left_out() -> None:
    text = loaded(
        "<head><style>a{}</style></head><body><script>var a</script><p hidden>no</p>"
        "<p style='color:red; display : none'>no</p><template>no</template><noscript>no</noscript>"
        "<!-- no --><p>yes<!-- no --> indeed</p><img alt='一张图' src='a.png'></body>"
    ).text
    assert text == "yes indeed\n\n一张图\n"


def test_preformatted_text_keeps_its_spaces() -> None:
    assert "if a:\n    b" in loaded("<p>code:</p><pre>if a:\n    b</pre>").text


def test_a_table_keeps_its_header_caption_and_spans() -> None:
    document = loaded(
        "<table><caption>价格</caption><thead><tr><th rowspan=2>商品<th colspan=2>价格</tr>"
        "<tr><th>上<th>下</tr></thead><tr><td rowspan=2>皮<br>鞋<td>1<td>2</tr><tr><td>3<td>4</tr></table>"
    )
    (table,) = document.tables
    assert document.text == "价格\n\n商品\t价格 上\t价格 下\n皮 鞋\t1\t2\n皮 鞋\t3\t4\n"
    assert table.header == "商品\t价格 上\t价格 下"


def test_a_table_that_only_arranges_the_page_is_no_table() -> None:
    document = loaded(
        "<table><tr><td><h2>Menu</h2><td><p>Text</p><table><tr><td>a<td>b</tr><tr><td>1<td>2</tr></table></table>"
    )
    assert [heading.text for heading in document.headings] == ["Menu"]
    assert [document.text[table.start : table.end] for table in document.tables] == ["a\tb\n1\t2"]


def test_title_author_and_dates_come_from_the_head() -> None:
    document = loaded(
        "<title> 价格\n表 </title><meta name=author content='王小明'>"
        "<meta property='article:published_time' content='2024-03-15T09:30:00+08:00'>"
        "<meta name='last-modified' content='yesterday'><p>text"
    )
    assert (document.title, document.author) == ("价格 表", "王小明")
    assert (document.created, document.modified) == ("2024-03-15T09:30:00+08:00", None)


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [("gbk", "gb2312"), ("big5", "big5"), ("utf-8", "utf-8"), ("utf-8-sig", "gbk"), ("utf-16", "utf-8")],
)
def test_a_page_is_decoded_by_its_mark_and_by_what_it_says(encoding: str, declared: str) -> None:
    text = "兒童安全座椅的價格是六百九十九元"
    page = f"<html><head><meta charset={declared}></head><body><p>{text}</p></body></html>"
    assert loaded(page.encode(encoding)).text == text + "\n"


def test_a_page_that_says_nothing_of_its_encoding_is_decoded() -> None:
    page = "<html><body><p>本公司员工每年可以享受五天带薪年假。</p></body></html>"
    assert "带薪年假" in loaded(page.encode("gb18030")).text


@pytest.mark.parametrize("tag", ["div", "font", "b"])
@pytest.mark.parametrize("depth", [1_500, 30_000])
def test_thousands_of_nested_elements_are_read(tag: str, depth: int) -> None:
    text = loaded(f"<{tag}>" * depth + "inside" + f"</{tag}>" * depth + "<p>after").text
    assert text.split() == ["inside", "after"]


def test_tables_that_are_nested_beyond_all_sense_are_refused_or_read() -> None:
    try:
        assert loaded("<table><tr><td>" * 3_000 + "inside").text == "inside\n"
    except RefusedError as exc:
        refusal = str(exc)
        assert "nested too deeply" in refusal


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (b"", "it is empty"),
        (b" \n ", "it is empty"),
        (b"<html><body></body></html>", "no text to be seen"),
        (b"<script>only()</script>", "no text to be seen"),
        (b"<!-- nothing -->", "no text to be seen"),
        (b"\x00\x01\x02\x03" * 200, "binary|encoding"),
    ],
)
def test_what_shows_nothing_is_refused_with_the_reason(page: bytes, reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        loaded(page)


def test_a_small_page_cannot_span_endless_cells() -> None:
    with pytest.raises(RefusedError, match="spans too many cells"):
        loaded("<table>" + "<tr><td rowspan=1000 colspan=1000>x" * 2000 + "</table>")


def test_a_text_over_the_limit_is_refused() -> None:
    with pytest.raises(RefusedError, match="longer than 10 characters"):
        loaded("<p>twelve chars</p>", options=Options(max_chars=10))


WORD = st.text(st.sampled_from("abc价格表123"), min_size=1, max_size=6)
TAGS = st.sampled_from(["p", "b", "div", "li", "h2", "td", "table", "tr", "ul", "span", "pre", "blockquote"])
PAGES = st.recursive(
    WORD.map(lambda word: f" {word} "),
    lambda inner: st.tuples(TAGS, st.lists(inner, max_size=4)).map(
        lambda pair: f"<{pair[0]}>{''.join(pair[1])}</{pair[0]}>"
    ),
    max_leaves=15,
)


@given(PAGES)
@settings(max_examples=100, deadline=None)
def test_every_word_of_a_page_is_read_whatever_its_tags(page: str) -> None:
    words = [word for word in page.replace("<", " <").replace(">", "> ").split() if word[0] != "<"]
    try:
        text = loaded(page).text
    except RefusedError:
        assert not words
    else:
        assert sorted(text.split()) == sorted(words)
