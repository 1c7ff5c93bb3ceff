"""Servers as child processes for the tests of serving: how one is started, waited for and ended."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

__all__ = ["DEMO", "Demo", "demo", "handshake", "send"]

_LIMIT_SECONDS = 60.0

# A server that misbehaves in every way that a tool, or what it imports, can.
DEMO = '''
import gc
gc.disable()

def main():
    from tao_servers.serving.guard import stray_output_on_stderr
    with stray_output_on_stderr():
        import atexit, ctypes, os, subprocess, sys, threading, time
        libc = ctypes.CDLL(None)

        def stray(where):
            print("STRAY print", where)
            sys.__stdout__.write(f"STRAY raw {where}\\n")
            os.write(1, f"STRAY os {where}\\n".encode())
            libc.printf(f"STRAY printf {where}\\n".encode())
            subprocess.run(["echo", "STRAY child", where])

        stray("import")
        atexit.register(stray, "atexit")
        import click
        from tao_servers.serving.options import serving_options
        from tao_servers.serving.process import serve
        from tao_servers.serving.server import make_server

    def build():
        stray("build")
        server = make_server("demo", title="Demo", instructions="Demo.")

        @server.tool()
        def echo(text: str) -> str:
            """Echo."""
            stray("tool")
            return text

        @server.tool()
        def nap() -> str:
            """Block a worker thread."""
            os.write(2, b"napping\\n")
            time.sleep(600)
            return "awake"

        @server.tool()
        def count() -> str:
            """Block until cancelled."""
            from anyio.from_thread import check_cancelled
            os.write(2, b"counting\\n")
            try:
                while True:
                    time.sleep(0.01)
                    check_cancelled()
            finally:
                os.write(2, b"stopped counting\\n")

        return server

    @click.command()
    @serving_options
    def run(serving):
        stray("command")
        serve(build, serving)

    run()

main()
'''


class Demo:
    """A running demo server, and what it says on stderr."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.said = ""

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Read stderr until a line matches."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said += line.decode()
            if found := re.search(pattern, line.decode()):
                return found
        raise AssertionError(f"no {pattern!r} in: {self.said}")

    def url(self) -> str:
        """Wait until the port is open; its address."""
        return self.wait_for(r"listening.* url=(\S+)")[1]

    def end(self) -> str:
        """Wait for the end of the process; all that it said."""
        assert self.process.stderr is not None
        self.said += self.process.stderr.read().decode()
        self.process.wait()
        return self.said


@contextmanager
def demo(folder: Path, *options: str, env: Mapping[str, str] | None = None) -> Iterator[Demo]:
    """Start the demo server; it is killed at the end, or after a minute, so that no test waits for ever."""
    script = folder / "demo.py"
    script.write_text(DEMO, encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, str(script), *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **(env or {})},
    ) as process:
        watchdog = threading.Timer(_LIMIT_SECONDS, process.kill)
        watchdog.start()
        try:
            yield Demo(process)
        finally:
            watchdog.cancel()
            process.kill()


def send(stdin: IO[bytes] | None, method: str, params: dict[str, Any], number: int | None = None) -> None:
    """Write one JSON-RPC message on a line."""
    message = {"jsonrpc": "2.0", "method": method, "params": params} | ({"id": number} if number else {})
    assert stdin is not None
    stdin.write(json.dumps(message, ensure_ascii=False).encode() + b"\n")
    stdin.flush()


def handshake(version: str) -> dict[str, Any]:
    """The parameters of `initialize`."""
    return {"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
