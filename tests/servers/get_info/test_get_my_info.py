import tomllib
from pathlib import Path

import pytest
from mcp import Client

from tao_servers.get_info.profile import BUILT_IN, ProfileError, load_profile
from tao_servers.get_info.server import build_server

SPELLINGS = tomllib.loads(Path(__file__).with_name("channel_spellings.toml").read_text(encoding="utf-8"))
URLS = {
    "个人网站": "https://www.guofei.site/",
    "GitHub": "https://github.com/guofei9987/",
    "知乎": "https://www.zhihu.com/people/guofei9987/answers/by_votes",
}


@pytest.mark.parametrize(("spelling", "channel"), SPELLINGS.items())
async def test_a_channel_is_found_by_any_usual_spelling_and_never_guessed(
    spelling: str, channel: str
) -> None:
    async with Client(build_server(load_profile(BUILT_IN))) as client:
        reply = await client.call_tool("get_my_info", {"channel": spelling})
    assert reply.is_error == (channel == "")
    if channel:
        assert reply.structured_content == {"name": "Guo Fei", "channel": channel, "url": URLS[channel]}
        assert URLS[channel] in str(reply.content)


def test_there_are_spellings_enough_for_each_channel() -> None:
    assert len(SPELLINGS) >= 60
    assert set(SPELLINGS.values()) == {*URLS, ""}


@pytest.mark.parametrize("channel", ["微博", "", "x" * 100_000, "\x00\x1b[2J", "\U0001f600"])
async def test_an_unknown_channel_lists_the_valid_ones(channel: str) -> None:
    async with Client(build_server(load_profile(BUILT_IN))) as client:
        reply = await client.call_tool("get_my_info", {"channel": channel})
    text = str(reply.content)
    assert reply.is_error
    assert "无效的渠道名称：" in text
    assert "请使用以下之一：个人网站、GitHub、知乎。" in text
    assert "There is no such channel" in text
    assert len(text) < 1000


@pytest.mark.parametrize(
    ("channel", "names"),
    [
        ("guthub", "GitHub、个人网站、知乎"),
        ("知呼", "知乎、个人网站、GitHub"),
        ("zihu", "知乎、GitHub、个人网站"),
    ],
)
async def test_the_nearest_channel_is_named_first(channel: str, names: str) -> None:
    async with Client(build_server(load_profile(BUILT_IN))) as client:
        reply = await client.call_tool("get_my_info", {"channel": channel})
    assert f"请使用以下之一：{names}。" in str(reply.content)


async def test_a_profile_may_name_aliases_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "me.toml"
    path.write_text(
        'name = "甲"\n[channels]\n"博客" = "https://b.example"\n'
        '"个人网站" = {value = "https://s.example", aliases = ["自留地"]}\n',
        encoding="utf-8",
    )
    async with Client(build_server(load_profile(path))) as client:
        for asked, url in (
            ("自留地", "https://s.example"),
            ("blog", "https://b.example"),
            ("主页", "https://s.example"),
        ):
            reply = await client.call_tool("get_my_info", {"channel": asked})
            assert url in str(reply.content)


async def test_an_edited_own_profile_is_picked_up_without_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "me.toml"
    path.write_text('name = "A"\n[channels]\nblog = "https://1.example"\n', encoding="utf-8")
    async with Client(build_server(load_profile(path), path=path)) as client:
        path.write_text('name = "A"\n[channels]\nblog = "https://2.example"\n', encoding="utf-8")
        changed = await client.call_tool("get_my_info", {"channel": "blog"})
        path.write_text('name = "A"\n[chan', encoding="utf-8")
        broken = await client.call_tool("get_my_info", {"channel": "blog"})
        path.unlink()
        gone = await client.call_tool("get_my_info", {"channel": "blog"})
        listed = await client.call_tool("list_subjects", {})
    assert all("https://2.example" in str(reply.content) for reply in (changed, broken, gone))
    assert "me.toml" in str(listed.content)


async def test_the_tool_names_its_channels_and_says_that_it_only_reads() -> None:
    async with Client(build_server(load_profile(BUILT_IN))) as client:
        tool = next(tool for tool in (await client.list_tools()).tools if tool.name == "get_my_info")
    assert "个人网站、GitHub、知乎" in (tool.description or "")
    assert tool.annotations is not None
    assert tool.annotations.read_only_hint
    assert tool.output_schema is not None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"name = 'A'",
        b"name = 'A'\n[channels]",
        b"name = 'A'\n[fields]\nx = 'y'",
        b"name = 'A'\n[channels]\nx = {value = 'y', private = true}",
        b"\xff\xfe",
        b"not toml",
        b"name = []\n[channels]\nx = 'y'",
    ],
)
def test_a_wrong_profile_is_refused_by_its_path(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "me.toml"
    path.write_bytes(content)
    with pytest.raises(ProfileError, match=r"me\.toml"):
        load_profile(path)


def test_a_missing_profile_is_refused_by_its_path(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"nothing\.toml"):
        load_profile(tmp_path / "nothing.toml")
