import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tao_servers.knowledge.loading import Options, RefusedError, read
from tao_servers.knowledge.loading.encodings import decode

SIMPLIFIED = (
    "皮鞋: 399元\n儿童安全座椅：699元\n",
    "请假需要提前三天申请，由部门主管批准。",
    "公司年假规定",
    "联通",
    "## 数据源",
    "价格,数量\n苹果,3\n",
)
TRADITIONAL = (
    "皮鞋: 399元\n兒童安全座椅：699元\n",
    "請假需要提前三天申請，由部門主管批准。",
    "公司年假規定",
    "臺北市政府",
    "價格,數量\n蘋果,3\n",
)


@pytest.mark.parametrize("text", SIMPLIFIED)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "gbk", "utf-32"])
def test_simplified_chinese_is_read_whatever_its_encoding(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)).text == text


@pytest.mark.parametrize("text", TRADITIONAL)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "big5", "gb18030"])
def test_traditional_chinese_is_read_whatever_its_encoding(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)).text == text


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("text", ["plain English, two lines\nof it", *SIMPLIFIED[:2], *TRADITIONAL[:2]])
def test_wide_encodings_are_known_without_their_mark(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)).text == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("これは日本語のテキストです。", "cp932"),
        ("これは日本語のテキストです。", "euc_jp"),
        ("これは日本語のテキストです。", "iso2022_jp"),
        ("안녕하세요 세계", "cp949"),
        ("café noir", "cp1252"),
        ("Größe und Straße für Müller", "latin-1"),
        ("El niño mañana comerá piñas", "cp1252"),
        ("Привет, как дела? Это русский текст.", "cp1251"),
    ],
)
def test_other_scripts_are_read_in_their_own_encodings(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)).text == text


@pytest.mark.parametrize("text", [SIMPLIFIED[0] * 5000, "english text first\n" * 9000 + SIMPLIFIED[1] * 50])
def test_a_long_text_is_judged_by_what_is_not_ascii(text: str) -> None:
    assert decode(text.encode("gb18030")).text == text


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_utf_8_with_its_mark_comes_back_to_the_letter(text: str) -> None:
    assert decode(text.encode("utf-8-sig")).text == text


@given(
    st.lists(st.sampled_from("的一是不了在人有我他这个们中来上大为和国地到以说时"), min_size=4, max_size=60)
)
@settings(max_examples=100, deadline=None)
def test_usual_characters_in_any_order_are_known_as_gb18030(characters: list[str]) -> None:
    text = "".join(characters)
    assert decode(text.encode("gb18030")).text == text


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        text = decode(data).text
    except RefusedError:
        return
    assert "\x00" not in text


def test_a_few_broken_bytes_do_not_cost_the_file() -> None:
    data = (SIMPLIFIED[1] + "\n").encode() * 20
    broken = decode(data[:300] + b"\xff" + data[300:])
    assert broken.text.count("�") <= 4
    assert broken.text.replace("�", "").count("提前") == 20
    assert "broken characters" in broken.unread[0]
    assert "line 6" in broken.unread[0]


def test_a_text_that_is_cut_off_within_a_character_is_read() -> None:
    assert decode("今天的天气很好，我们出去走走。".encode()[:-1]).text.startswith("今天的天气很好")


def test_what_a_file_says_of_itself_is_believed_only_if_it_can_be_so() -> None:
    assert decode("你好镕".encode("gbk"), hint="gb2312").text == "你好镕"
    assert decode("价格表".encode(), hint="big5").text == "价格表"
    assert decode("价格表".encode(), hint="no-such-thing").text == "价格表"


@pytest.mark.parametrize(
    ("text", "encoding", "hint"),
    [
        ("It’s “new”: 50 €", "cp1252", "iso-8859-1"),
        ("It’s “new”: 50 €", "cp1252", "us-ascii"),
        ("Þetta er íslenskur texti", "cp1252", "iso-8859-1"),
        ("您好，附件是五月份的报价单，请查收。", "gbk", "iso-8859-1"),
        ("保修期为两年，自购买之日起计算。", "utf-8", "iso-8859-1"),
        ("保修期为两年，自购买之日起计算。", "utf-8", "gbk"),
        ("The warranty lasts two years.", "ascii", "utf-16"),
        ("①㈱ 髙橋", "cp932", "shift_jis"),
    ],
)
def test_a_label_is_taken_for_what_it_mostly_means(text: str, encoding: str, hint: str) -> None:
    assert decode(text.encode(encoding), hint=hint).text == text


def test_lines_end_with_a_line_feed() -> None:
    assert decode(b"a\r\nb\rc\n").text == "a\nb\nc\n"


@pytest.mark.parametrize("data", [b"\x7fELF\x00\x01\x02\x00\x00" * 9, bytes(range(256)) * 4, b"\x00" * 64])
def test_binary_data_is_refused(data: bytes) -> None:
    with pytest.raises(RefusedError, match="binary"):
        decode(data)


def test_a_few_holes_that_a_crash_left_in_a_log_do_not_cost_it() -> None:
    data = b"one line of the log\n" * 100 + b"\x00\x00" + b"and on it goes\n" * 100
    assert read(data, name="a.log", options=Options()).text.count("goes") == 100
