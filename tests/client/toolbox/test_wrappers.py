from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from mcp.types import (
    AudioContent,
    BlobResourceContents,
    CallToolResult,
    ContentBlock,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    TextContent,
    TextResourceContents,
    Tool,
    ToolAnnotations,
)

from tao.toolbox import Approval, Passage, Primary, ServerEntry, Toolbox, ToolResult, ToolSpec
from tao.toolbox.replies import tool_result, tool_spec
from tests.support.scripted import ScriptedToolbox, tool

READER = tool("notes__read", "name")
WRITER = tool("notes__add", "text", read_only=False)
TRUSTED = ToolSpec("notes__count", "Counts.", {}, auto_approve=True)
ENTRY = ServerEntry(type="stdio", command="somewhere", autoApprove=("count",))


async def ok(arguments: Mapping[str, Any]) -> ToolResult:
    return ToolResult("done")


def notes() -> ScriptedToolbox:
    return ScriptedToolbox((READER, ok), (WRITER, ok), (TRUSTED, ok))


def saying(text: str, *passages: Passage, is_error: bool = False) -> ScriptedToolbox:
    async def say(arguments: Mapping[str, Any]) -> ToolResult:
        return ToolResult(text, is_error=is_error, passages=passages)

    return ScriptedToolbox((READER, say))


async def test_a_wrapper_shows_the_tools_inside_and_passes_on_what_is_expected() -> None:
    inner = notes()
    outer: Toolbox = Approval(inner, ask())
    outer.expect("notes__read")
    assert list(outer.tools) == list(inner.tools)
    assert inner.expected == ["notes__read"]


def with_secondary(count: int) -> ScriptedToolbox:
    listed = [replace(tool(f"notes__t{n}"), secondary=n % 2 == 1) for n in range(count)]
    return ScriptedToolbox(*((one, ok) for one in listed))


async def test_of_many_tools_a_small_model_is_shown_the_primary_ones_and_may_call_all() -> None:
    many, few = with_secondary(9), with_secondary(8)
    assert [one.name for one in Primary(many).tools] == [f"notes__t{n}" for n in range(0, 9, 2)]
    assert list(Primary(few).tools) == list(few.tools)
    assert (await Primary(many).call("notes__t1", {})).text == "done"


def test_a_server_says_which_of_its_tools_are_secondary() -> None:
    listed = [Tool(name="a", input_schema={}, _meta=meta) for meta in ({"tao/secondary": True}, {}, None)]
    assert [tool_spec("notes", one, ENTRY).secondary for one in listed] == [True, False, False]


def ask(answer: bool = False, asked: list[tuple[str, dict[str, Any]]] | None = None) -> Any:
    async def approve(spec: ToolSpec, arguments: Mapping[str, Any]) -> bool:
        if asked is not None:
            asked.append((spec.name, dict(arguments)))
        return answer

    return approve


@pytest.mark.parametrize("answer", [True, False])
async def test_a_tool_that_may_write_is_called_only_when_the_user_says_so(answer: bool) -> None:
    asked: list[tuple[str, dict[str, Any]]] = []
    inner = notes()
    result = await Approval(inner, ask(answer, asked)).call(WRITER.name, {"text": "买鞋"})
    assert asked == [(WRITER.name, {"text": "买鞋"})]
    assert inner.calls == ([(WRITER.name, {"text": "买鞋"})] if answer else [])
    assert result.is_error is not answer
    assert answer or "did not approve notes__add" in result.text


@pytest.mark.parametrize("name", [READER.name, TRUSTED.name, "notes__nothing"])
async def test_a_reading_a_trusted_and_an_unknown_tool_are_not_asked_about(name: str) -> None:
    asked: list[tuple[str, dict[str, Any]]] = []
    inner = notes()
    result = await Approval(inner, ask(asked=asked)).call(name, {})
    assert asked == []
    assert inner.calls == [(name, {})]
    assert result.is_error is (name == "notes__nothing")


@pytest.mark.parametrize(
    ("annotations", "read_only", "idempotent"),
    [
        (None, False, False),
        (ToolAnnotations(), False, False),
        (ToolAnnotations(read_only_hint=True), True, False),
        (ToolAnnotations(read_only_hint=True, idempotent_hint=True), True, True),
        (ToolAnnotations(read_only_hint=False, idempotent_hint=True), False, True),
    ],
)
def test_a_tool_counts_as_reading_only_when_it_says_so(
    annotations: ToolAnnotations | None, read_only: bool, idempotent: bool
) -> None:
    listed = Tool(name="add", input_schema={"type": "object"}, annotations=annotations)
    spec = tool_spec("notes", listed, ENTRY)
    assert (spec.name, spec.server, spec.description) == ("notes__add", "notes", "")
    assert (spec.read_only, spec.idempotent, spec.auto_approve) == (read_only, idempotent, False)


def test_a_tool_on_the_list_of_its_entry_is_approved() -> None:
    assert tool_spec("notes", Tool(name="count", input_schema={"type": "object"}), ENTRY).auto_approve


PNG = ImageContent(type="image", data="aGk=", mime_type="image/png")
WAV = AudioContent(type="audio", data="aGk=", mime_type="audio/wav")
FILE = EmbeddedResource(
    type="resource", resource=TextResourceContents(uri="file:///a.txt", mime_type="text/plain", text="第一行")
)
BLOB = EmbeddedResource(
    type="resource", resource=BlobResourceContents(uri="file:///a.bin", mime_type="x/y", blob="aGk=")
)
LINK = ResourceLink(type="resource_link", uri="file:///b.txt", name="b")


def text(content: str) -> TextContent:
    return TextContent(type="text", text=content)


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        ([text("一"), text("二")], "一\n二"),
        ([text("  \n")], "(empty result)"),
        ([], "(empty result)"),
        ([text("图："), PNG], "图：\n[image image/png: not shown]"),
        ([WAV], "[audio audio/wav: not shown]"),
        ([FILE], "第一行"),
        ([BLOB], "[resource x/y: not shown]"),
        ([LINK], "[resource_link: not shown]"),
    ],
)
def test_content_that_is_no_text_is_described_and_not_pasted(content: list[ContentBlock], shown: str) -> None:
    result = tool_result(CallToolResult(content=content))
    assert (result.text, result.is_error, result.passages) == (shown, False, ())


def test_a_reply_with_structure_alone_is_shown_as_json() -> None:
    reply = CallToolResult(content=[], structured_content={"价格": 7999, "list": [1, None]})
    assert tool_result(reply).text == '{"价格": 7999, "list": [1, null]}'


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Error executing tool add: There is no note 'x'. Try: 'y'.", "There is no note 'x'. Try: 'y'."),
        ("Error executing tool add", "Error executing tool add"),
        ("没有这条笔记: x", "没有这条笔记: x"),
        ("", "The tool failed without saying why."),
    ],
)
def test_an_error_is_told_in_the_servers_own_words(said: str, shown: str) -> None:
    reply = CallToolResult(content=[text(said)], is_error=True)
    assert tool_result(reply) == ToolResult(shown, is_error=True)


def test_an_error_has_no_passages_to_cite() -> None:
    structure = {"passages": [{"id": "1", "text": "x"}]}
    reply = CallToolResult(content=[text("no")], structured_content=structure, is_error=True)
    assert tool_result(reply) == ToolResult("no", is_error=True)


@pytest.mark.parametrize(
    ("passages", "found"),
    [
        (
            [{"id": "1", "text": "鞋 399元", "source": "价格.txt", "line": 6, "score": 0.5}],
            [Passage("1", "鞋 399元", "价格.txt:6")],
        ),
        ([{"id": 2, "text": "x", "source": "a.pdf"}], [Passage("2", "x", "a.pdf")]),
        ([{"text": "x"}], [Passage("", "x", "?")]),
        ([{"id": 0, "text": 7, "source": None, "line": None}], [Passage("0", "7", "?")]),
        ([{"id": "1"}, {"text": ""}, "x", None, 1], []),
        ("no list", []),
        (None, []),
        ([], []),
    ],
)
def test_the_passages_of_a_reply_can_be_cited(passages: Any, found: list[Passage]) -> None:
    reply = CallToolResult(content=[text("x")], structured_content={"passages": passages})
    assert tool_result(reply) == ToolResult("x", passages=tuple(found))
