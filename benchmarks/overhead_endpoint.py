"""An OpenAI-compatible endpoint on loopback that follows a script and answers at once.

`python -m benchmarks.overhead_endpoint` prints `{"port": N}` and serves until its stdin ends.
`POST /begin {"steps": N}` starts a run of N replies: N - 1 calls of the tool, then the answer.
`GET /requests` gives the bodies that the run has received.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import anyio
from anyio.abc import SocketStream
from anyio.streams.buffered import BufferedByteReceiveStream

from benchmarks.overhead_task import ANSWER, MODEL, shop__lookup

__all__ = ["Script", "answer"]

_TOOL = shop__lookup.__name__
# About what a tokenizer makes of JSON.
_PIECE = 4
_LONGEST_HEAD = 65_536


@dataclass
class Script:
    """Where the run is, and what was asked in it."""

    steps: int = 0
    requests: list[dict[str, Any]] = field(default_factory=list)

    def reply(self, body: dict[str, Any]) -> dict[str, Any]:
        """The next message, in the form that the request asks for."""
        self.requests.append(body)
        step = len(self.requests)
        arguments = {"item": f"item-{step}"} if step < self.steps else {"answer": ANSWER}
        name = _TOOL if step < self.steps else "finish"
        names = {tool["function"]["name"] for tool in body.get("tools") or ()}
        if not names:
            step_of_schema = {"thought": "", "actions": [{"tool": name, "arguments": arguments}]}
            return {"role": "assistant", "content": json.dumps(step_of_schema)}
        if step >= self.steps:
            # Some loops end with a tool of their own, the others with words.
            name = next((own for own in ("final_answer", "finish") if own in names), "")
        if not name:
            return {"role": "assistant", "content": ANSWER}
        function = {"name": name, "arguments": json.dumps(arguments)}
        call = {"id": f"call_{step}", "type": "function", "function": function}
        return {"role": "assistant", "content": None, "tool_calls": [call]}


def answer(script: Script, method: str, path: str, body: bytes) -> tuple[str, bytes]:
    """The content type and the body that answer a request."""
    if path == "/begin":
        script.steps, script.requests = json.loads(body)["steps"], []
        return "application/json", b"{}"
    if path == "/requests":
        return "application/json", json.dumps(script.requests).encode()
    if method == "GET":
        return "application/json", json.dumps({"object": "list", "data": [{"id": MODEL}]}).encode()
    asked = json.loads(body)
    message = script.reply(asked)
    usage = {"prompt_tokens": len(body) // _PIECE, "completion_tokens": 16}
    usage["total_tokens"] = sum(usage.values())
    whole = {"id": f"reply-{len(script.requests)}", "created": 0, "model": MODEL}
    reason = "tool_calls" if "tool_calls" in message else "stop"
    if asked.get("stream"):
        events = [*_chunks(message, reason), {"choices": [], "usage": usage}]
        lines = [json.dumps(whole | {"object": "chat.completion.chunk"} | event) for event in events]
        return "text/event-stream", "".join(f"data: {line}\n\n" for line in [*lines, "[DONE]"]).encode()
    choice = {"index": 0, "message": message, "finish_reason": reason}
    reply = whole | {"object": "chat.completion", "choices": [choice], "usage": usage}
    return "application/json", json.dumps(reply).encode()


def _chunks(message: Mapping[str, Any], reason: str) -> Iterator[dict[str, Any]]:
    def chunk(delta: Mapping[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
        return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]}

    yield chunk({"role": "assistant", "content": ""})
    for piece in _pieces(message["content"] or ""):
        yield chunk({"content": piece})
    for index, call in enumerate(message.get("tool_calls", ())):
        begun = call | {"function": {"name": call["function"]["name"], "arguments": ""}}
        yield chunk({"tool_calls": [{"index": index} | begun]})
        for piece in _pieces(call["function"]["arguments"]):
            yield chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    yield chunk({}, reason)


def _pieces(text: str) -> Iterator[str]:
    return (text[start : start + _PIECE] for start in range(0, len(text), _PIECE))


async def _serve(script: Script, stream: SocketStream) -> None:
    async with stream:
        reader = BufferedByteReceiveStream(stream)
        try:
            while True:
                head = (await reader.receive_until(b"\r\n\r\n", _LONGEST_HEAD)).decode("latin-1")
                first, *lines = head.split("\r\n")
                method, path, _ = first.split(" ", 2)
                headers = {name.lower(): value for name, _, value in (line.partition(":") for line in lines)}
                body = await reader.receive_exactly(int(headers.get("content-length", 0)))
                kind, said = answer(script, method, path, body)
                reply = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(said)}\r\n\r\n"
                await stream.send(reply.encode() + said)
        except (anyio.EndOfStream, anyio.IncompleteRead, anyio.BrokenResourceError):
            return


async def _main() -> None:
    script = Script()
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    address = listener.extra(anyio.abc.SocketAttribute.local_address)
    print(json.dumps({"port": address[1]}), flush=True)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, lambda stream: _serve(script, stream))
        await anyio.to_thread.run_sync(sys.stdin.read, abandon_on_cancel=True)
        tasks.cancel_scope.cancel()


if __name__ == "__main__":
    anyio.run(_main)
