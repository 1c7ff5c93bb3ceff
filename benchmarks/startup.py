"""How long each server takes from process start to its `tools/list` reply, beside a bare SDK server.

`python -m benchmarks.startup [--starts 9] [--servers NAME,NAME] [--json]`. All servers start in turn, round
after round, so that a busy moment of the machine touches each; the first round only fills the page cache.
What is reported are medians, in seconds of wall time.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

_ROOT = Path(__file__).parent.parent
_BARE = "bare"
_SERVERS = ("get_info", "knowledge", "text2sql", "weather")
_LIMIT_SECONDS = 60.0
_INITIALIZE = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "benchmark", "version": "1"},
}


class StartError(Exception):
    """A server did not answer; the text holds the end of its stderr."""


def measure(module: str, env: Mapping[str, str]) -> float:
    """Seconds from the start of `python -m module` to its `tools/list` reply.

    Raises:
        StartError: it ended, answered wrongly, or took longer than a minute.
    """
    begun = time.perf_counter()
    with _process(module, env) as process:
        _send(process, "initialize", _INITIALIZE, 1)
        _reply(process, 1)
        _send(process, "notifications/initialized", {}, None)
        _send(process, "tools/list", {}, 2)
        tools = _reply(process, 2).get("tools")
        seconds = time.perf_counter() - begun
    if not tools:
        raise StartError("it lists no tools")
    return seconds


@contextmanager
def _process(module: str, env: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=_ROOT,
            env=dict(env),
        )
        # The kill closes the pipes, which ends whatever read waits on them.
        watchdog = threading.Timer(_LIMIT_SECONDS, process.kill)
        watchdog.start()
        try:
            yield process
        except (StartError, OSError, ValueError) as exc:
            process.kill()
            process.wait()
            errors.seek(0)
            said = errors.read().decode("utf-8", "replace")[-500:].strip()
            raise StartError(f"{exc}; its stderr ends: {said!r}") from exc
        finally:
            watchdog.cancel()
            process.kill()
            process.communicate()


def _send(process: subprocess.Popen[bytes], method: str, params: dict[str, Any], number: int | None) -> None:
    message = {"jsonrpc": "2.0", "method": method, "params": params} | ({"id": number} if number else {})
    assert process.stdin is not None
    process.stdin.write(json.dumps(message).encode() + b"\n")
    process.stdin.flush()


def _reply(process: subprocess.Popen[bytes], number: int) -> dict[str, Any]:
    assert process.stdout is not None
    for line in process.stdout:
        message = json.loads(line)
        if message.get("id") == number:
            if "result" not in message:
                raise StartError(f"it refused: {message.get('error')}")
            return dict(message["result"])
    raise StartError("it ended, or was silent for too long")


def _rounds(modules: Mapping[str, str], starts: int) -> dict[str, list[float]]:
    taken: dict[str, list[float]] = {name: [] for name in modules}
    with tempfile.TemporaryDirectory() as folder:
        env = _environment(folder)
        for number in range(starts + 1):
            for name, module in modules.items():
                try:
                    seconds = measure(module, env)
                except StartError as exc:
                    raise click.ClickException(f"{name} did not start: {exc}") from exc
                if number:
                    taken[name].append(seconds)
            print(f"round {number} of {starts}" if number else "warm-up", file=sys.stderr, flush=True)
    return taken


def _environment(folder: str) -> dict[str, str]:
    # Folders and settings of its own: the user's collections and databases would count otherwise. Byte code
    # is kept, as an installed package has it: else only the servers here would be compiled at each start.
    ours = [name for name in os.environ if name.startswith("TAO_") or name == "PYTHONDONTWRITEBYTECODE"]
    env = {name: value for name, value in os.environ.items() if name not in ours}
    return (
        env | {"HOME": folder} | {f"XDG_{kind}_HOME": folder for kind in ("CONFIG", "DATA", "STATE", "CACHE")}
    )


def _report(taken: Mapping[str, list[float]]) -> dict[str, Any]:
    medians = {name: statistics.median(seconds) for name, seconds in taken.items()}
    bare = medians.pop(_BARE)
    return {
        "bare_seconds": round(bare, 4),
        "servers": {
            name: {"seconds": round(seconds, 4), "ratio": round(seconds / bare, 3)}
            for name, seconds in medians.items()
        },
    }


@click.command()
@click.option("--starts", type=click.IntRange(min=1), default=9, show_default=True, help="Starts of each.")
@click.option("--servers", default=",".join(_SERVERS), show_default=True, help="Which, by name.")
@click.option("--json", "as_json", is_flag=True, help="No table, only the JSON object.")
def main(starts: int, servers: str, as_json: bool) -> None:
    """Time each server's start beside that of a bare one; the last line of stdout is a JSON object."""
    names = servers.split(",")
    if unknown := sorted(set(names) - set(_SERVERS)):
        raise click.BadParameter(f"no such server: {', '.join(unknown)}", param_hint="--servers")
    modules = {_BARE: "benchmarks.bare_server"} | {name: f"tao_servers.{name}" for name in names}
    report = _report(_rounds(modules, starts))
    if not as_json:
        print(f"{_BARE:12} {report['bare_seconds']:.3f} s")
        for name, row in report["servers"].items():
            print(f"{name:12} {row['seconds']:.3f} s  {row['ratio']:.2f} x")
    print(json.dumps(report))


if __name__ == "__main__":
    main()
