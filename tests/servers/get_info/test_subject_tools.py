"""get_info and list_subjects: which subject is meant, and how much is shown."""

import json
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp.types import CallToolResult

from tao.hosts.cost import estimate
from tao_servers.get_info.profile import BUILT_IN, load_profile
from tao_servers.get_info.server import build_server


def _client(folder: Path | None = None) -> Client:
    return Client(build_server(load_profile(BUILT_IN), folder=folder))


def _text(reply: CallToolResult) -> str:
    return "\n".join(str(getattr(part, "text", "")) for part in reply.content)


def _put(folder: Path, file: str, **profile: Any) -> None:
    (folder / file).write_text(json.dumps(profile, ensure_ascii=False), encoding="utf-8")


async def test_the_own_profile_is_a_subject_too() -> None:
    async with _client() as client:
        whole = await client.call_tool("get_info", {"subject": "guo fei"})
        part = await client.call_tool("get_info", {"subject": "GUOFEI", "channel": "zhihu 主页"})
    assert _text(whole).splitlines()[0] == "Guo Fei · person"
    assert [item["name"] for item in (whole.structured_content or {})["items"]] == [
        "个人网站",
        "GitHub",
        "知乎",
    ]
    assert (part.structured_content or {})["items"] == [
        {"name": "知乎", "value": "https://www.zhihu.com/people/guofei9987/answers/by_votes"}
    ]


@pytest.mark.parametrize("subject", ["陳大文", "陈大文", "Chan  Tai-man", "ＣＨＡＮ tai man", "文哥"])
async def test_a_subject_is_found_by_any_of_its_names(tmp_path: Path, subject: str) -> None:
    _put(tmp_path, "a.json", name="陳大文", aliases=["Chan Tai Man", "文哥"], fields={"x": "y"})
    async with _client(tmp_path) as client:
        reply = await client.call_tool("get_info", {"subject": subject})
    assert (reply.structured_content or {})["subject"] == "陳大文"


@pytest.mark.parametrize(
    ("subject", "named"),
    [
        ("Guo Fe", "Guo Fei"),
        ("陈大问", "陳大文"),
        ("chan taiman san", "陳大文"),
        ("", "Guo Fei、陳大文"),
        ("\x00…", "Guo Fei"),
    ],
)
async def test_an_unknown_subject_is_answered_with_the_nearest(
    tmp_path: Path, subject: str, named: str
) -> None:
    _put(tmp_path, "a.json", name="陳大文", aliases=["Chan Tai Man"], fields={"x": "y"})
    async with _client(tmp_path) as client:
        reply = await client.call_tool("get_info", {"subject": subject})
    assert reply.is_error
    assert f"：{named}" in _text(reply)
    assert "list_subjects" in _text(reply)


async def test_a_name_of_two_subjects_is_asked_back(tmp_path: Path) -> None:
    _put(tmp_path, "a.json", name="王芳", aliases=["小王"], fields={"x": "y"})
    _put(tmp_path, "b.json", name="王伟", aliases=["小王"], fields={"x": "y"})
    async with _client(tmp_path) as client:
        reply = await client.call_tool("get_info", {"subject": "小王"})
    assert reply.is_error
    assert "王芳、王伟" in _text(reply)


async def test_what_is_spelled_exactly_goes_before_what_is_alike(tmp_path: Path) -> None:
    for file, name in (("a", "C"), ("b", "C++"), ("c", "C#")):
        _put(tmp_path, f"{file}.json", name=name, kind="product", fields={"x": name})
    async with _client(tmp_path) as client:
        for name in ("C", "c++", "C#"):
            reply = await client.call_tool("get_info", {"subject": name})
            assert _text(reply).splitlines()[1].lower() == f"x: {name.lower()}"


@pytest.mark.parametrize("character", ["长", '"', "\n", "\x01", "\U0001f600"])
async def test_a_result_stays_short_and_names_what_it_leaves_out(tmp_path: Path, character: str) -> None:
    value = f"a{character * 1990}b"
    _put(tmp_path, "a.json", name="A", fields={f"field {number}": value for number in range(60)})
    async with _client(tmp_path) as client:
        whole = await client.call_tool("get_info", {"subject": "A"})
        part = await client.call_tool("get_info", {"subject": "A", "channel": "field 59"})
    for reply in (whole, part):
        assert len(_text(reply)) + len(json.dumps(reply.structured_content, ensure_ascii=False)) < 8000
        assert not reply.is_error
    assert "field 3" in (whole.structured_content or {})["note"]
    assert [item["name"] for item in (part.structured_content or {})["items"]] == ["field 59"]


async def test_many_long_names_leave_a_result_short(tmp_path: Path) -> None:
    names = [f"{number:02}{'长' * 78}" for number in range(100)]
    fields = dict.fromkeys(names, "v" * 1990)
    for file in ("a", "b", "c"):
        _put(tmp_path, f"{file}{'n' * 200}.json", name="A" * 80, aliases=names[:50], fields=fields)
    async with _client(tmp_path) as client:
        listed = await client.call_tool("list_subjects", {})
        subject = (listed.structured_content or {})["subjects"][1]["subject"]
        whole = await client.call_tool("get_info", {"subject": subject})
    assert len(_text(whole)) + len(json.dumps(whole.structured_content, ensure_ascii=False)) < 8000
    assert len((whole.structured_content or {})["items"]) == 1
    assert "…… (99)" in _text(whole)


async def test_a_search_that_finds_nothing_does_not_speak_of_names_like_it(tmp_path: Path) -> None:
    async with _client(tmp_path) as client:
        reply = await client.call_tool("list_subjects", {"text": "月球基地"})
    assert "(None has it.)" in _text(reply)
    assert "these are like it" not in _text(reply)


async def test_lists_and_errors_stay_short_whatever_the_names(tmp_path: Path) -> None:
    for number in range(60):
        _put(
            tmp_path,
            f"{number}{'n' * 200}.json",
            name=f'{number // 2:02}{"长" * 76}"',
            kind="k" * 20,
            fields={"x": "y"},
        )
        (tmp_path / f"broken {number}{'n' * 200}.json").write_text("{", encoding="utf-8")
    async with _client(tmp_path) as client:
        listed = await client.call_tool("list_subjects", {})
        asked = await client.call_tool("get_info", {"subject": "长" * 100_000})
    assert len(_text(listed)) + len(json.dumps(listed.structured_content, ensure_ascii=False)) < 8000
    assert len(_text(asked)) < 2000


@pytest.mark.parametrize(
    ("text", "subjects"),
    [
        ("王", ["王芳", "王伟"]),
        ("xiao", ["王芳"]),
        ("team", ["客服"]),
        ("客户", ["客服"]),
        ("团队", ["客服"]),
        ("people", ["Guo Fei", "王芳", "王伟"]),
        ("  ", None),
        (None, None),
        ("?!", []),
    ],
)
async def test_subjects_are_listed_by_part_of_a_name_or_kind(
    tmp_path: Path, text: str | None, subjects: list[str] | None
) -> None:
    _put(tmp_path, "a.json", name="王芳", aliases=["Xiao Wang"], fields={"x": "y"})
    _put(tmp_path, "b.json", name="王伟", fields={"x": "y"})
    _put(tmp_path, "c.json", name="客服", kind="team", fields={"x": "y"})
    async with _client(tmp_path) as client:
        reply = await client.call_tool("list_subjects", {"text": text})
    listed = [one["subject"] for one in (reply.structured_content or {})["subjects"]]
    assert listed == (["Guo Fei", "王芳", "王伟", "客服"] if subjects is None else subjects)
    assert all(name in _text(reply) for name in listed)


async def test_the_tools_are_short_honest_and_two_are_primary() -> None:
    async with _client() as client:
        tools = (await client.list_tools()).tools
    sent = [{"name": t.name, "description": t.description, "parameters": t.input_schema} for t in tools]
    assert sum(estimate(json.dumps(tool, ensure_ascii=False)) for tool in sent) < 600
    assert [t.name for t in tools if not (t.meta or {}).get("tao/secondary")] == ["get_my_info", "get_time"]
    hints = {t.name: t.annotations for t in tools}
    assert all(hint and hint.read_only_hint and hint.open_world_hint is False for hint in hints.values())
    # A host may answer a repeated idempotent call from memory: the time must not be.
    assert [name for name, hint in hints.items() if hint and not hint.idempotent_hint] == ["get_time"]
