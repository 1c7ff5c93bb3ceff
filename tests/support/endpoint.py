"""A scripted OpenAI-compatible endpoint on loopback, for processes that cannot be given a Python object."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["GONE", "HANG", "Endpoint", "scripted_endpoint"]

HANG = "\x00hang"
"""A reply that ends with this begins to stream and never ends, until the client leaves."""

GONE = "\x00gone"
"""A reply that is an error, which no client tries again."""


@dataclass
class Endpoint:
    """Where it listens, and what it was asked."""

    base_url: str
    requests: list[dict[str, Any]] = field(default_factory=list)
    begun: threading.Event = field(default_factory=threading.Event)
    left: threading.Event = field(default_factory=threading.Event)
    asked: threading.Condition = field(default_factory=threading.Condition)

    def wait_for(self, count: int) -> bool:
        """Whether it is asked so many things, before long."""
        with self.asked:
            return self.asked.wait_for(lambda: len(self.requests) >= count, timeout=60)


@contextmanager
def scripted_endpoint(*replies: str) -> Iterator[Endpoint]:
    """Serve the replies one after another as streamed chat completions; the last one is repeated.

    Its model calls nothing natively and holds a schema, which is what it answers to a probe; probes are no
    part of `requests`.
    """
    waiting = list(replies)
    ending = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            reply = _to_probe(body)
            if reply is None:
                with endpoint.asked:
                    endpoint.requests.append(body)
                    endpoint.asked.notify_all()
                reply = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            if reply == GONE:
                self.send_error(400, "The model is gone.")
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            self._say({"choices": [{"delta": {"content": reply.removesuffix(HANG)}}]})
            if body in endpoint.requests:
                endpoint.begun.set()
            try:
                while reply.endswith(HANG) and not ending.wait(0.05):
                    self.wfile.write(b": still here\n\n")
                self._say({"choices": [{"delta": {}, "finish_reason": "stop"}]})
                self._say({"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 5}})
                self.wfile.write(b"data: [DONE]\n\n")
            except OSError:
                endpoint.left.set()

        def _say(self, chunk: dict[str, Any]) -> None:
            self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    endpoint = Endpoint(f"http://127.0.0.1:{server.server_port}/v1")
    thread = threading.Thread(target=server.serve_forever, args=[0.05])
    thread.start()
    try:
        yield endpoint
    finally:
        ending.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _to_probe(body: dict[str, Any]) -> str | None:
    """What to answer when only the dialect is being found out."""
    if "get_weather" in json.dumps(body.get("tools")):
        return "It rains."
    schema = body.get("response_format", {}).get("json_schema", {})
    if schema.get("name") != "probe":
        return None
    word = schema["schema"]["properties"]["word"]["const"]
    return json.dumps({"word": word})
