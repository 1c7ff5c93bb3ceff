from pathlib import Path

import pytest
from mcp import Client

from tao_servers.get_info.profile import BUILT_IN, ProfileError, load_profile
from tao_servers.get_info.server import build_server


@pytest.mark.parametrize(
    ("channel", "url"),
    [
        ("个人网站", "https://www.guofei.site/"),
        ("GitHub", "https://github.com/guofei9987/"),
        ("github", "https://github.com/guofei9987/"),
        (" GITHUB ", "https://github.com/guofei9987/"),
        ("知乎", "https://www.zhihu.com/people/guofei9987/answers/by_votes"),
    ],
)
async def test_a_channel_is_found_whatever_its_case(channel: str, url: str) -> None:
    async with Client(build_server(load_profile(BUILT_IN))) as client:
        reply = await client.call_tool("get_my_info", {"channel": channel})
    assert not reply.is_error
    assert reply.structured_content is not None
    assert reply.structured_content["url"] == url
    assert url in str(reply.content)


@pytest.mark.parametrize("channel", ["微博", "", "x" * 100_000, "GitHub\x00"])
async def test_an_unknown_channel_lists_the_valid_ones(channel: str) -> None:
    async with Client(build_server(load_profile(BUILT_IN))) as client:
        reply = await client.call_tool("get_my_info", {"channel": channel})
    text = str(reply.content)
    assert reply.is_error
    assert "无效的渠道名称" in text
    assert "个人网站、GitHub、知乎" in text
    assert len(text) < 1000


async def test_the_tool_names_its_channels_and_says_that_it_only_reads() -> None:
    async with Client(build_server(load_profile(BUILT_IN))) as client:
        (tool,) = (await client.list_tools()).tools
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
        b"\xff\xfe",
        b"not toml",
        b"name = 1\n[channels]\nx = 'y'",
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
