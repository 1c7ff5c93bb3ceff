"""What is read from a folder of profiles, and what a broken file does not break."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from tao_servers.get_info.profile import BUILT_IN, load_profile
from tao_servers.get_info.server import build_server

GOOD = '{"name": "Good", "fields": {"colour": "green"}}'


def _client(folder: Path, *, private: bool = False) -> Client:
    return Client(build_server(load_profile(BUILT_IN), folder=folder, private=private))


async def _call(client: Client, tool: str, **arguments: Any) -> str:
    return "\n".join(
        str(getattr(part, "text", "")) for part in (await client.call_tool(tool, arguments)).content
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "a.toml",
            'name = "甲"\nkind = "team"\n[fields]\nversion = 1.10\n"电话" = "010"\nday = 2026-01-02\n',
        ),
        ("a.yaml", "name: 甲\nkind: team\nfields: {version: 1.10, 电话: 010, day: 2026-01-02}\n"),
        ("a.YML", "name: 甲\nkind: team\nfields:\n  version: 1.10\n  电话: 010\n  day: 2026-01-02\n"),
        (
            "a.json",
            '{"name": "甲", "kind": "team", "fields": {"version": 1.10, "电话": "010", "day": "2026-01-02"}}',
        ),
        (
            "a.json",
            '\ufeff{"name": "甲", "kind": "team",'
            '"fields": {"version": 1.10, "电话": "010", "day": "2026-01-02"}}',
        ),
    ],
)
async def test_each_format_gives_values_as_they_are_written(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    async with _client(tmp_path) as client:
        shown = await _call(client, "get_info", subject="甲")
    assert shown.splitlines() == ["甲 · team", "version: 1.10", "电话: 010", "day: 2026-01-02"]


BROKEN: dict[str, tuple[str, bytes, str]] = {
    "toml syntax": ("b.toml", b'name = "B"\n[fields\n', "b.toml, line 2"),
    "half a toml": ("b.toml", b'name = "B"\n', "b.toml: it has neither"),
    "yaml syntax": ("b.yaml", b"name: B\nfields: {a: [}\n", "b.yaml, line 2"),
    "yaml alias": ("b.yaml", b"name: B\nfields:\n  a: &x [1]\n  b: *x\n", "b.yaml, line 4: it has an alias"),
    "yaml bomb": (
        "b.yaml",
        b"a: &a [x,x,x,x,x,x,x,x,x]\n"
        + b"\n".join(b"%c: &%c [*%c,*%c,*%c]" % (c, c, c - 1, c - 1, c - 1) for c in range(98, 118)),
        "b.yaml, line 2: it has an alias",
    ),
    "yaml tag": ("b.yaml", b"name: !!python/object/apply:os.getcwd []\n", "b.yaml, line 1: name"),
    "yaml depth": ("b.yaml", b"[" * 100_000, "nested too deeply"),
    "yaml twice": ("b.yaml", b"name: B\nfields: {a: b}\nname: C\n", "b.yaml, line 3: 'name' is there twice"),
    "yaml list": ("b.yaml", b"- B\n", "b.yaml, line 1"),
    "two yaml documents": ("b.yaml", b"name: B\n---\nname: C\n", "b.yaml, line 2"),
    "json syntax": ("b.json", b'{"name": "B",\n "fields": {"a": }}', "b.json, line 2"),
    "json twice": ("b.json", b'{"name": "B", "name": "C"}', "'name' is there twice"),
    "json depth": ("b.json", b'{"name":' + b"[" * 200_000, "nested too deeply"),
    "json depth of a value": (
        "b.json",
        b'{"name": "B", "fields": {"a": ' + b"[" * 700 + b"]" * 700 + b"}}",
        "nested too deeply",
    ),
    "number without end": (
        "b.toml",
        b'name = "B"\n[fields]\na = ' + b"9" * 5000,
        "b.toml: it has a number of more than 4,300 digits",
    ),
    "a key that steers": (
        "b.toml",
        b'name = "B"\n[fields]\n"\\u001b[31m\\n' + b"k" * 3000 + b'" = {value = "1", oops = 1}\n',
        "String should have at most 80 characters",
    ),
    "lone surrogate": ("b.json", b'{"name": "B", "fields": {"a": "\\ud800"}}', "b.json"),
    "unknown key": ("b.toml", b'name = "B"\nchanels = 1\n', "b.toml, line 2: chanels"),
    "empty value": ("b.yaml", b"name: B\nfields:\n  a: b\n  c:\n", "b.yaml, line 4: fields.c.value"),
    "table as value": (
        "b.json",
        b'{"name": "B",\n"fields": {"a": [{"b": 1}]}}',
        "b.json, line 2: fields.a.value",
    ),
    "long name": ("b.json", b'{"name": "' + b"B" * 81 + b'", "fields": {"a": "b"}}', "b.json, line 1: name"),
    "gb18030": (
        "b.yaml",
        "name: B\nfields: {a: 中文}\n".encode("gb18030"),
        "b.yaml, line 2: it is not UTF-8",
    ),
    "utf-16": ("b.yaml", "name: B".encode("utf-16"), "b.yaml, line 1: it is UTF-16"),
    "binary": ("b.json", b"\x7fELF\0\0\0", "b.json, line 1: it is binary"),
    "empty": ("b.toml", b" \n", "b.toml, line 1: it is empty"),
    "huge": ("b.toml", b"#" * 1_000_001, "larger than 1,000,000 bytes"),
    "no card": ("b.vcf", b"hello\n", "b.vcf, line 1"),
    "half a card": ("b.vcf", b"BEGIN:VCARD\nFN:B\nURL:https://b.exam", "b.vcf, line 1"),
    "nameless card": (
        "b.vcf",
        b"BEGIN:VCARD\nFN:A\nEND:VCARD\nBEGIN:VCARD\nURL:x\nEND:VCARD\n",
        "b.vcf, line 4",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
async def test_a_broken_file_is_named_with_line_and_reason_and_the_others_serve_on(
    case: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    name, content, told = BROKEN[case]
    (tmp_path / name).write_bytes(content)
    (tmp_path / "good.json").write_text(GOOD, encoding="utf-8")
    async with _client(tmp_path) as client:
        listed = await _call(client, "list_subjects")
        assert "colour: green" in await _call(client, "get_info", subject="good")
    assert told in listed
    assert "\x1b" not in listed
    assert "Guo Fei" in listed
    assert "\nB" not in listed
    assert len(listed) < 2000
    assert [
        record.getMessage().count("b.") for record in caplog.records if record.name.startswith("tao")
    ] == [1]


async def test_new_changed_and_deleted_files_are_noticed_at_once(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    async with _client(tmp_path) as client:
        assert "p" not in (await _call(client, "list_subjects")).splitlines()
        for colour in ("red", "tan", "sky"):
            # Of one size, within the resolution of any file system's clock.
            path.write_text(f'{{"name": "P", "fields": {{"colour": "{colour}"}}}}', encoding="utf-8")
            assert f"colour: {colour}" in await _call(client, "get_info", subject="P")
        path.unlink()
        assert "没有 'P' 的资料" in await _call(client, "get_info", subject="P")


async def test_an_old_file_that_is_replaced_by_another_old_one_is_noticed(tmp_path: Path) -> None:
    path, other = tmp_path / "p.json", tmp_path / "other"
    async with _client(tmp_path) as client:
        for colour in ("red", "tan"):
            other.write_text(f'{{"name": "P", "fields": {{"colour": "{colour}"}}}}', encoding="utf-8")
            os.utime(other, (1_000_000_000, 1_000_000_000))
            other.replace(path)
            assert f"colour: {colour}" in await _call(client, "get_info", subject="P")


async def test_a_file_that_breaks_is_served_as_it_last_was_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "good.json"
    path.write_text(GOOD, encoding="utf-8")
    async with _client(tmp_path) as client:
        assert "broken" not in await _call(client, "get_info", subject="Good")
        for half in (b"", GOOD[:20].encode()):
            path.write_bytes(half)
            shown = await _call(client, "get_info", subject="Good")
            assert "colour: green" in shown
            assert "last good version" in shown
            assert "good.json, line 1" in await _call(client, "list_subjects")
        path.write_text(GOOD.replace("green", "blue"), encoding="utf-8")
        shown = await _call(client, "get_info", subject="Good")
    assert shown.splitlines() == ["Good · person", "colour: blue"]


async def test_the_address_of_a_profile_that_broke_says_that_it_is_old(tmp_path: Path) -> None:
    path = tmp_path / "me.toml"
    path.write_text('name = "Me"\n[channels]\nBlog = "https://me.example"\n', encoding="utf-8")
    async with Client(build_server(load_profile(path), path=path)) as client:
        assert await _call(client, "get_my_info", channel="blog") == "Me · Blog: https://me.example"
        path.write_text('name = "Me"\n[channels\n', encoding="utf-8")
        page, note = (await _call(client, "get_my_info", channel="blog")).splitlines()
    assert page == "Me · Blog: https://me.example"
    assert "last good version" in note
    assert "me.toml, line 2" in note


async def test_a_folder_that_is_gone_for_a_moment_loses_no_subject(tmp_path: Path) -> None:
    folder, away = tmp_path / "profiles", tmp_path / "away"
    folder.mkdir()
    (folder / "good.json").write_text(GOOD, encoding="utf-8")
    async with _client(folder) as client:
        await _call(client, "list_subjects")
        folder.rename(away)
        assert "colour: green" in await _call(client, "get_info", subject="Good")
        assert "the folder cannot be listed" in await _call(client, "list_subjects")
        away.rename(folder)
        assert "cannot be listed" not in await _call(client, "list_subjects")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs links and pipes")
async def test_only_plain_files_of_the_folder_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "profiles"
    (folder / "sub.json").mkdir(parents=True)
    secret = tmp_path / "secret.json"
    secret.write_text(GOOD.replace("Good", "Secret"), encoding="utf-8")
    (folder / "out.json").symlink_to(secret)
    (folder / "nowhere.json").symlink_to(tmp_path / "nothing")
    (folder / "real.json").write_text(GOOD, encoding="utf-8")
    (folder / ".hidden.json").write_text(GOOD.replace("Good", "Hidden"), encoding="utf-8")
    (folder / "notes.txt").write_text("no profile", encoding="utf-8")
    os.mkfifo(folder / "pipe.json")
    async with _client(folder) as client:
        listed = await _call(client, "list_subjects")
    assert listed.splitlines()[:3] == ["Guo Fei · person", "Good · person", "共 2 个 (2 in all)"]
    for told in (
        "out.json: it is a link out of the folder",
        "pipe.json: it is no plain file",
        "nowhere.json",
        "sub.json",
    ):
        assert told in listed
    assert "Secret" not in listed


async def test_a_name_in_two_files_gives_two_candidates(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(GOOD, encoding="utf-8")
    (tmp_path / "b.json").write_text(GOOD.replace("green", "blue").replace("Good", "GOOD"), encoding="utf-8")
    async with _client(tmp_path) as client:
        listed = await _call(client, "list_subjects")
        asked = await _call(client, "get_info", subject="good")
        chosen = await _call(client, "get_info", subject="GOOD (b.json)")
    assert "Good (a.json) · person" in listed
    assert "is in a.json, b.json" in listed
    assert "Good (a.json)、GOOD (b.json)" in asked
    assert "colour: blue" in chosen


async def test_the_own_profile_in_the_folder_is_no_second_subject(tmp_path: Path) -> None:
    own = tmp_path / "me.toml"
    own.write_text('name = "Me"\n[channels]\nblog = "https://me.example"\n', encoding="utf-8")
    async with Client(build_server(load_profile(own), path=own, folder=tmp_path)) as client:
        assert (await _call(client, "list_subjects")).splitlines() == ["Me · person", "共 1 个 (1 in all)"]


async def test_private_entries_are_shown_only_when_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "name: A\nchannels:\n  phone: {value: 555-1, private: true}\n  blog: https://a.example\n",
        encoding="utf-8",
    )
    async with _client(tmp_path) as client:
        public = [
            await _call(client, "get_info", subject="A"),
            await _call(client, "get_info", subject="A", channel="phone"),
            await _call(client, "list_subjects"),
        ]
    async with _client(tmp_path, private=True) as client:
        private = await _call(client, "get_info", subject="A", channel="手机")
    assert all("555-1" not in text and "phone: " not in text for text in public)
    assert "无效的渠道名称" in public[1]
    assert "555-1" in private


async def test_a_profile_with_nothing_public_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("name: A\nfields: {x: {value: y, private: true}}\n", encoding="utf-8")
    async with _client(tmp_path) as client:
        shown = await _call(client, "get_info", subject="A")
    assert "Nothing public is known" in shown


async def test_thousands_of_files_are_listed_in_pages(tmp_path: Path) -> None:
    for number in range(2000):
        text = f'{{"name": "P{number:04}", "fields": {{"n": "{number}"}}}}'
        (tmp_path / f"{number:04}.json").write_text(text, encoding="utf-8")
    async with _client(tmp_path) as client:
        first = (await client.call_tool("list_subjects", {})).structured_content or {}
        last = (await client.call_tool("list_subjects", {"page": 81})).structured_content or {}
        beyond = await client.call_tool("list_subjects", {"page": 82})
        shown = await _call(client, "get_info", subject="p 1234")
    assert (first["total"], first["next_page"], len(first["subjects"])) == (2001, 2, 25)
    assert [one["subject"] for one in last["subjects"]] == ["P1999"]
    assert "next_page" not in last
    assert beyond.is_error
    assert "n: 1234" in shown


@pytest.fixture
def examples(repository: Path) -> Path:
    return repository / "examples/profiles"


async def test_the_example_folder_has_every_format_and_no_fault(examples: Path) -> None:
    asked: list[tuple[str, str, Callable[[str], bool]]] = [
        ("客服", "熱線", lambda text: "010-5555-0100" in text),
        ("U1", "price", lambda text: "59 元" in text),
        ("仓库", "地址", lambda text: "1 Example Road" in text),
        ("Zhang San", "GitHub", lambda text: "https://github.com/example" in text),
        ("小张", "公司", lambda text: "Example Shop, 客服组" in text),
    ]
    async with _client(examples) as client:
        listed = (await client.call_tool("list_subjects", {})).structured_content or {}
        for subject, channel, holds in asked:
            assert holds(await _call(client, "get_info", subject=subject, channel=channel))
    assert listed["total"] == 5
    assert "note" not in listed
