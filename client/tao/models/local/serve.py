"""The process that serves one embedded model: `python -m tao.models.local.serve`.

It belongs to nobody: it ends by itself when no client holds a lease and the idle time that they asked for is
over. `process` starts it and finds it through its state file.
"""

import os
import secrets
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import anyio
import click
from anyio.abc import SocketAttribute

from tao.models.local.control import Control, Engine, Leases
from tao.models.local.engine import LlamaEngine
from tao.models.local.state import State, read_state, write_state

__all__ = ["main", "serve"]


async def serve(
    name: str, state_file: Path, engine: Callable[[str], Engine], *, leases: Leases | None = None
) -> None:
    """Serve until nobody needs the model; `engine` is made with the key that its clients must send."""
    key = secrets.token_urlsafe(32)
    multi = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=0)
    listener = multi.listeners[0]
    port = listener.extra(SocketAttribute.local_port)
    state = State(name=name, pid=os.getpid(), port=port, key=key, started=time.time())
    await anyio.to_thread.run_sync(write_state, state_file, state)

    def ready(base_url: str) -> None:
        write_state(state_file, replace(state, base_url=base_url))

    control = Control(name, key, leases or Leases(), ready=ready)
    async with listener:
        try:
            await control.serve(listener, engine(key))
        finally:
            # Before the port closes: whoever finds it closed may write a state file of its own.
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(_forget, state_file, key)


def _forget(path: Path, key: str) -> None:
    state = read_state(path)
    if state is not None and state.key == key:
        path.unlink(missing_ok=True)


@click.command()
@click.option("--name", required=True)
@click.option("--weights", required=True, type=click.Path(path_type=Path))
@click.option("--state", "state_file", required=True, type=click.Path(path_type=Path))
def main(name: str, weights: Path, state_file: Path) -> None:
    """Serve WEIGHTS as NAME and write the ports and the key into STATE."""
    anyio.run(serve, name, state_file, lambda key: LlamaEngine(weights, name=name, key=key))
    sys.stderr.flush()
    # The engine's own threads would be waited for, perhaps in the middle of an answer that nobody reads.
    os._exit(0)


if __name__ == "__main__":
    main()
