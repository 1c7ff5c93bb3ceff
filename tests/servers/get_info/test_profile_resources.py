from pathlib import Path

import pytest
from mcp import Client, MCPError
from mcp.types import INVALID_PARAMS, PromptReference, ResourceTemplateReference

from tao_servers.get_info.profile import BUILT_IN, load_profile
from tao_servers.get_info.server import build_server

PROFILE = ResourceTemplateReference(uri="profile://{subject}")
LOOK_UP = PromptReference(name="look_up")
each_era = pytest.mark.parametrize("mode", ["legacy", "auto"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    text = "name: 张三/丰\nchannels:\n  phone: {value: 555-1, private: true}\n  博客: https://z.example\n"
    (tmp_path / "z.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def _client(folder: Path, mode: str = "auto") -> Client:
    # What is private stays out of these also for a user who asked for it: hosts read and show them unasked.
    return Client(build_server(load_profile(BUILT_IN), folder=folder, private=True), mode=mode)


@each_era
async def test_every_subject_is_a_resource_with_what_is_public(folder: Path, mode: str) -> None:
    async with _client(folder, mode) as client:
        listed = {one.name: one.uri for one in (await client.list_resources()).resources}
        (read,) = (await client.read_resource(listed["张三/丰"])).contents
        templates = (await client.list_resource_templates()).resource_templates
    assert listed == {"Guo Fei": "profile://Guo%20Fei", "张三/丰": "profile://%E5%BC%A0%E4%B8%89%2F%E4%B8%B0"}
    assert getattr(read, "text", "").splitlines() == ["张三/丰 · person", "博客: https://z.example"]
    assert [one.uri_template for one in templates] == ["profile://{subject}"]


@each_era
async def test_a_subject_that_comes_later_is_listed_and_not_kept_for_long(folder: Path, mode: str) -> None:
    async with _client(folder, mode) as client:
        before = await client.list_resources()
        (folder / "new.json").write_text('{"name": "New", "fields": {"a": "b"}}', encoding="utf-8")
        after = await client.list_resources()
    assert {one.name for one in after.resources} - {one.name for one in before.resources} == {"New"}
    assert after.ttl_ms == 0


async def test_many_resources_come_in_pages(folder: Path) -> None:
    for number in range(60):
        (folder / f"{number}.json").write_text(
            f'{{"name": "P{number}", "fields": {{"a": "b"}}}}', encoding="utf-8"
        )
    async with _client(folder) as client:
        first = await client.list_resources()
        second = await client.list_resources(cursor=first.next_cursor)
    assert (len(first.resources), len(second.resources), second.next_cursor) == (50, 12, None)


@pytest.mark.parametrize(
    "uri", ["profile://nobody", "profile://", "profile://..%2F..%2Fetc", "profile://%FF"]
)
async def test_an_unknown_subject_is_no_resource(folder: Path, uri: str) -> None:
    async with _client(folder) as client:
        with pytest.raises(MCPError) as refused:
            await client.read_resource(uri)
    assert refused.value.error.code == INVALID_PARAMS


@each_era
@pytest.mark.parametrize(
    ("typed", "given", "names"),
    [
        ("", {}, ["个人网站", "GitHub", "知乎"]),
        ("hub", {}, ["GitHub"]),
        ("网", {}, ["个人网站"]),
        ("", {"subject": "张三/丰"}, ["博客"]),
        ("", {"subject": "nobody"}, []),
        ("x" * 10_000, {}, []),
    ],
)
async def test_channels_are_completed_with_public_names(
    folder: Path, mode: str, typed: str, given: dict[str, str], names: list[str]
) -> None:
    async with _client(folder, mode) as client:
        reply = await client.complete(LOOK_UP, {"name": "channel", "value": typed}, context_arguments=given)
    assert reply.completion.values == names


async def test_subjects_are_completed_and_what_is_unknown_is_not(folder: Path) -> None:
    for number in range(150):
        (folder / f"{number}.json").write_text(
            f'{{"name": "Q{number}", "fields": {{"a": "b"}}}}', encoding="utf-8"
        )
    async with _client(folder) as client:
        some = (await client.complete(PROFILE, {"name": "subject", "value": "張"})).completion
        many = (await client.complete(PROFILE, {"name": "subject", "value": "q"})).completion
        other = ResourceTemplateReference(uri="other://{subject}")
        none = [
            (await client.complete(ref, {"name": name, "value": ""})).completion.values
            for ref, name in ((other, "subject"), (PROFILE, "what"), (PromptReference(name="x"), "channel"))
        ]
    assert some.values == ["张三/丰"]
    assert (len(many.values), many.total, many.has_more) == (100, 150, True)
    assert none == [[], [], []]


async def test_the_prompt_asks_for_the_owner_unless_told(folder: Path) -> None:
    async with _client(folder) as client:
        own = await client.get_prompt("look_up", {"channel": "GitHub"})
        other = await client.get_prompt("look_up", {"channel": "博客", "subject": "张三/丰"})
    assert "Guo Fei 的 GitHub 是什么" in str(own.messages[0].content)
    assert "张三/丰 的 博客 是什么" in str(other.messages[0].content)
