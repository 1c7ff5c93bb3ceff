"""A server that writes to stdout, which belongs to the protocol: when imported, in its tools, and at its end.

Its entry point is made as those of our servers are: the guard comes first.
"""

import atexit
import ctypes
import os
import subprocess
import sys
import time
from pathlib import Path

from tao_servers.serving.guard import stray_output_on_stderr

_NOISE = "noise on stdout\n"


def say() -> None:
    """Through Python's own stream."""
    sys.stdout.write(_NOISE)
    sys.stdout.flush()


def write() -> None:
    """On the descriptor."""
    os.write(1, _NOISE.encode())


def put() -> None:
    """Through C's buffer, which C itself empties when the process ends."""
    ctypes.CDLL(None).puts(_NOISE.encode())


def flush() -> None:
    """Through C's buffer, emptied at once."""
    put()
    ctypes.CDLL(None).fflush(None)


def start() -> None:
    """From a child process."""
    subprocess.run([sys.executable, "-c", f"print({_NOISE!r})"], check=True, stdin=subprocess.DEVNULL)


NOISES = {noise.__name__: noise for noise in (say, write, put, flush, start)}


def _run() -> None:
    with stray_output_on_stderr():
        say()
        write()
        from mcp.server import MCPServer
        from mcp.types import ToolAnnotations

        from tao_servers.serving.options import Serving, serving_options
        from tao_servers.serving.process import serve
        from tao_servers.serving.server import make_server

        def build() -> MCPServer:
            server = make_server("noisy", title="Noisy", instructions="For tests.")

            @server.tool(
                description="Makes noise.",
                annotations=ToolAnnotations(read_only_hint=True),
            )
            def make_noise(kind: str) -> str:
                NOISES[kind]()
                return f"after the noise of {kind}"

            @server.tool(description="Sleeps.", annotations=ToolAnnotations(read_only_hint=True))
            def nap(marker: str) -> str:
                Path(marker).touch()
                time.sleep(600)
                return "awake"

            return server

        import click

        @click.command()
        @serving_options
        def command(serving: Serving) -> None:
            serve(build, serving)

    atexit.register(say)
    atexit.register(write)
    command()


if __name__ == "__main__":
    _run()
