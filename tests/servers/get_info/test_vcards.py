import pytest

from tao_servers.get_info.vcard import CardError, read_cards

PHONES = ", ".join(f"{n:04}" for n in range(400))[:1999] + "…"
CARD = "BEGIN:VCARD\nVERSION:3.0\nFN:王 小明\n{}\nEND:VCARD\n"


@pytest.mark.parametrize(
    ("line", "table", "name", "value"),
    [
        ("URL:https://a.example:8080/x", "channels", "website", "https://a.example:8080/x"),
        ("ORG:甲\\, 乙公司;研发部;", "fields", "organization", "甲, 乙公司, 研发部"),
        ("TITLE:工程师", "fields", "title", "工程师"),
        ("NOTE:一\\n二\\;三\\\\", "fields", "note", "一\n二;三\\"),
        ("NOTE:很长\n 的备\r\n\t注", "fields", "note", "很长的备注"),
        ("item1.EMAIL;TYPE=work:a@b.example", "channels", "email", "a@b.example"),
        ('TEL;VALUE=uri;TYPE="voice,home":tel:+86-10', "channels", "phone", "tel:+86-10"),
        ("TEL:1\nTEL:2\nTEL:1", "channels", "phone", "1, 2"),
        (
            "X-SOCIALPROFILE;type=weibo:https://weibo.example/1",
            "channels",
            "weibo",
            "https://weibo.example/1",
        ),
        (
            "SOCIALPROFILE;SERVICE-TYPE=Mastodon:https://m.example/@a",
            "channels",
            "Mastodon",
            "https://m.example/@a",
        ),
        ("TITLE;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=E7=BB=\n=8F=E7=90=86", "fields", "title", "经理"),
        (
            "TITLE;CHARSET=GBK;QUOTED-PRINTABLE;ENCODING=QUOTED-PRINTABLE:=BE=AD=C0=ED",
            "fields",
            "title",
            "经理",
        ),
        ("NOTE:no QUOTED-PRINTABLE=\nTITLE:t", "fields", "note", "no QUOTED-PRINTABLE="),
        ("\n".join(f"TEL:{n:04}" for n in range(9000)), "channels", "phone", PHONES),
        ("NOTE:" + "长" * 3000, "fields", "note", "长" * 1999 + "…"),
    ],
)
def test_a_property_is_read(line: str, table: str, name: str, value: str) -> None:
    (card,) = read_cards(CARD.format(line))
    assert card["name"] == "王 小明"
    assert card[table][name]["value"] == value


def test_telephone_e_mail_and_note_are_private_and_the_rest_is_not() -> None:
    (card,) = read_cards(
        CARD.format("TEL:1\nEMAIL:a@b\nNOTE:n\nURL:u\nORG:o\nTITLE:t\nBDAY:1990-01-01\nPHOTO:x")
    )
    entries = card["channels"] | card["fields"]
    assert {name for name, entry in entries.items() if entry["private"]} == {"phone", "email", "note"}
    assert {name for name, entry in entries.items() if not entry["private"]} == {
        "website",
        "organization",
        "title",
    }


def test_a_file_may_hold_many_cards_with_nicknames_and_kinds() -> None:
    text = (
        CARD.format("NICKNAME:小明,Ming\\, Jr")
        + "\r\n"
        + CARD.format("KIND:org").replace("FN:王 小明", "N:Wang;Wu;;;")
    )
    first, second = read_cards(text)
    assert first["aliases"] == ["小明", "Ming, Jr"]
    assert (second["name"], second["kind"]) == ("Wu Wang", "organization")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("FN:A\n", 1),
        ("BEGIN:VCARD\nFN:A\n\nwhat\nEND:VCARD\n", 4),
        ("BEGIN:VCARD\nFN:A\nBEGIN:VCARD\n", 3),
        ("BEGIN:VCARD\nFN:A\nEND:VCARD\nBEGIN:VCARD\nFN:B\n", 4),
        ("BEGIN:VCARD\nEND:VCARD\n", 1),
        ("BEGIN:VCARD\nFN;CHARSET=klingon;ENCODING=QUOTED-PRINTABLE:=41\nEND:VCARD\n", 2),
        ("BEGIN:VCARD\nFN;CHARSET=utf-8;ENCODING=QUOTED-PRINTABLE:=FF\nEND:VCARD\n", 2),
    ],
)
def test_what_is_no_card_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(CardError) as refused:
        list(read_cards(text))
    assert refused.value.line == line
