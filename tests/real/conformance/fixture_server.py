"""The server that the official conformance suite wants to see, made and served by our serving code.

Run as `python -m tests.real.conformance.fixture_server --transport http --port 0`. It has no tool that asks
the client something in the middle of a call of the handshake era: see docs/conformance.md.
"""

import base64
import json
import struct
import zlib
from typing import Annotated

import anyio
import click
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.prompts.base import UserMessage
from mcp.types import (
    AudioContent,
    CallToolResult,
    Completion,
    CompletionArgument,
    CompletionContext,
    ContentBlock,
    EmbeddedResource,
    ImageContent,
    PromptReference,
    ResourceTemplateReference,
    TextContent,
    TextResourceContents,
)
from pydantic import Field

from tao_servers.serving.options import Serving, serving_options
from tao_servers.serving.process import serve
from tao_servers.serving.server import make_server
from tests.real.conformance.fixture_inputs import add_input_tools

__all__ = ["build_server"]


def _png() -> bytes:
    """One red pixel."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\x00\xff\x00\x00")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def _wav() -> bytes:
    """One silent sample."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8000, 8000, 1, 8)
    samples = struct.pack("<4sIB", b"data", 1, 128)
    return struct.pack("<4sI4s", b"RIFF", 4 + len(form) + len(samples), b"WAVE") + form + samples


_IMAGE = ImageContent(type="image", data=base64.b64encode(_png()).decode(), mime_type="image/png")
_AUDIO = AudioContent(type="audio", data=base64.b64encode(_wav()).decode(), mime_type="audio/wav")


def _text(text: str) -> TextContent:
    return TextContent(type="text", text=text)


def _embedded(uri: str, mime_type: str, text: str) -> EmbeddedResource:
    return EmbeddedResource(
        type="resource", resource=TextResourceContents(uri=uri, mime_type=mime_type, text=text)
    )


_CONTENTS: dict[str, tuple[ContentBlock, ...]] = {
    "test_simple_text": (_text("This is a simple text response for testing."),),
    "test_image_content": (_IMAGE,),
    "test_audio_content": (_AUDIO,),
    "test_embedded_resource": (
        _embedded("test://embedded-resource", "text/plain", "This is an embedded resource content."),
    ),
    "test_multiple_content_types": (
        _text("Multiple content types test:"),
        _IMAGE,
        _embedded("test://mixed-content-resource", "application/json", '{"test":"data","value":123}'),
    ),
}


def build_server() -> MCPServer:
    """Make the server."""
    server = make_server("fixtures", title="Fixtures", instructions="What the conformance suite asks for.")
    for name, content in _CONTENTS.items():
        _add_constant(server, name, content)
    _add_tools(server)
    add_input_tools(server)
    _add_resources(server)
    _add_prompts(server)
    return server


def _add_constant(server: MCPServer, name: str, content: tuple[ContentBlock, ...]) -> None:
    @server.tool(name=name, description=f"Returns what {name} is for.")
    def constant() -> CallToolResult:
        return CallToolResult(content=list(content))


def _add_tools(server: MCPServer) -> None:
    @server.tool(description="Always fails.")
    def test_error_handling() -> str:
        raise ToolError("This tool intentionally returns an error for testing")

    @server.tool(description="Reports its progress.")
    async def test_tool_with_progress(ctx: Context) -> str:
        for done in (0, 50, 100):
            await ctx.report_progress(done, 100)
            await anyio.sleep(0.05)
        return "Done."

    @server.tool(description="Says something to the log of a client that asked for it.")
    async def test_logging_tool(ctx: Context) -> str:
        await ctx.info("Something happened.")
        return "Done."

    @server.tool(description="Has an argument that a client repeats in a header.")
    def test_header(
        region: Annotated[str, Field(description="Any text", json_schema_extra={"x-mcp-header": "Region"})],
    ) -> str:
        return region


def _add_resources(server: MCPServer) -> None:
    @server.resource("test://static-text", mime_type="text/plain", description="A text.")
    def static_text() -> str:
        return "This is the content of the static text resource."

    @server.resource("test://static-binary", mime_type="image/png", description="An image.")
    def static_binary() -> bytes:
        return _png()

    @server.resource("test://template/{id}/data", mime_type="application/json", description="By number.")
    def template(id: str) -> str:
        return json.dumps({"id": id, "templateTest": True, "data": f"Data for ID: {id}"})


def _add_prompts(server: MCPServer) -> None:
    @server.prompt(description="Takes nothing.")
    def test_simple_prompt() -> str:
        return "This is a simple prompt for testing."

    @server.prompt(description="Takes two arguments.")
    def test_prompt_with_arguments(arg1: str, arg2: str) -> str:
        return f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'"

    @server.prompt(description="Carries a resource.")
    def test_prompt_with_embedded_resource(resourceUri: str) -> list[UserMessage]:
        carried = _embedded(resourceUri, "text/plain", "Embedded resource content for testing.")
        return [UserMessage(carried), UserMessage("Please process the embedded resource above.")]

    @server.prompt(description="Carries an image.")
    def test_prompt_with_image() -> list[UserMessage]:
        return [UserMessage(_IMAGE), UserMessage("Please analyze the image above.")]

    @server.completion()  # type: ignore[no-untyped-call, untyped-decorator]
    async def complete(
        ref: PromptReference | ResourceTemplateReference,
        argument: CompletionArgument,
        context: CompletionContext | None,
    ) -> Completion:
        values = [value for value in ("paris", "park", "test", "text") if value.startswith(argument.value)]
        return Completion(values=values, total=len(values), has_more=False)


@click.command()
@serving_options
def _run(serving: Serving) -> None:
    serve(build_server, serving)


if __name__ == "__main__":
    _run()
