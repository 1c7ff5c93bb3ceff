"""A scripted model on loopback for MCP hosts: it calls tools in turn, is done, and keeps what it was sent.

It speaks OpenAI's responses, as Codex does, and streamed chat completions, as Cline does.
"""

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["DONE", "Call", "HostEndpoint", "scripted_host_endpoint"]

DONE = "The scripted model is done."


@dataclass(frozen=True)
class Call:
    """A tool that the model calls, by the server's own name for it."""

    tool: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class HostEndpoint:
    """Where it listens, and what it was asked."""

    base_url: str
    calls: Sequence[Call]
    requests: list[dict[str, Any]] = field(default_factory=list)

    def offered(self) -> list[str]:
        """The tools that the host offered at first, as `namespace.tool` where it has namespaces."""
        return [".".join(name.values()) for name in _names(self.requests[0])] if self.requests else []

    def results(self) -> list[str]:
        """What the host has sent back for each call, as text."""
        return _results(self.requests[-1]) if self.requests else []

    def reply(self, request: dict[str, Any]) -> str | tuple[dict[str, str], Call]:
        """What the model says to `request`: a text, or a call with the host's name for its tool."""
        self.requests.append(request)
        made = len(_results(request))
        if made == len(self.calls):
            return DONE
        call = self.calls[made]
        for name in _names(request):
            if name["name"] == call.tool or name["name"].endswith(f"__{call.tool}"):
                return name, call
        return f"There is no tool {call.tool}."


def _names(request: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    for tool in request.get("tools", ()):
        if tool["type"] == "namespace":
            yield from ({"namespace": tool["name"], "name": inner["name"]} for inner in tool["tools"])
        elif tool["type"] == "function":
            yield {"name": tool.get("function", tool)["name"]}


def _results(request: Mapping[str, Any]) -> list[str]:
    if "input" in request:
        found = [item["output"] for item in request["input"] if item.get("type") == "function_call_output"]
    else:
        found = [message["content"] for message in request["messages"] if message["role"] == "tool"]
    return [text if isinstance(text, str) else json.dumps(text, ensure_ascii=False) for text in found]


def _responses(said: str | tuple[dict[str, str], Call]) -> Iterator[str]:
    item: dict[str, Any]
    if isinstance(said, str):
        content = [{"type": "output_text", "text": said, "annotations": []}]
        item = {"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": content}
    else:
        name, call = said
        item = {"type": "function_call", "id": "f", "call_id": "c", **name, "arguments": _arguments(call)}
    usage = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
    for event in (
        {"type": "response.created", "response": {"id": "r"}},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": {"id": "r", "output": [item], "usage": usage}},
    ):
        yield f"event: {event['type']}\ndata: {json.dumps(event)}\n\n"


def _chat_completions(said: str | tuple[dict[str, str], Call]) -> Iterator[str]:
    delta: dict[str, Any]
    if isinstance(said, str):
        delta, reason = {"role": "assistant", "content": said}, "stop"
    else:
        name, call = said
        function = name | {"arguments": _arguments(call)}
        made = [{"index": 0, "id": "c", "type": "function", "function": function}]
        delta, reason = {"role": "assistant", "tool_calls": made}, "tool_calls"
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    for choices, used in (
        ([{"index": 0, "delta": delta, "finish_reason": None}], None),
        ([{"index": 0, "delta": {}, "finish_reason": reason}], None),
        ([], usage),
    ):
        chunk = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "scripted"}
        yield f"data: {json.dumps(chunk | {'choices': choices, 'usage': used})}\n\n"
    yield "data: [DONE]\n\n"


def _arguments(call: Call) -> str:
    return json.dumps(call.arguments, ensure_ascii=False)


_FORMS = {"/v1/responses": _responses, "/v1/chat/completions": _chat_completions}


@contextmanager
def scripted_host_endpoint(*calls: Call) -> Iterator[HostEndpoint]:
    """Serve a model that makes these calls, each after the result of the one before."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            form = _FORMS.get(self.path)
            if form is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            for event in form(endpoint.reply(json.loads(body))):
                self.wfile.write(event.encode())

        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    endpoint = HostEndpoint(f"http://127.0.0.1:{server.server_port}/v1", calls)
    thread = threading.Thread(target=server.serve_forever, args=[0.05])
    thread.start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
