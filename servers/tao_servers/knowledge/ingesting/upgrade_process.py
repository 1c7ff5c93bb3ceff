"""Runs an upgrade in a process of its own, which outlives whoever starts it."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from tao.models.local.launch import tail
from tao_servers.knowledge.index import Place, StoreError
from tao_servers.knowledge.ingesting.upgrade_record import UpgradeRecord, UpgradeState

__all__ = ["end_background", "start_background"]

_POLL_SECONDS = 0.05
_START_SECONDS = 30.0
# A call of a slow embedder has to end, and its vectors have to be written.
_END_SECONDS = 60.0


def start_background(
    place: Place, *, patience: float = 0.0, command: Sequence[str] | None = None
) -> UpgradeState:
    """Start to upgrade a collection; where that goes on already, it is left alone.

    It ends by itself when every document is upgraded. It is waited for until it has begun, and then for
    `patience` seconds until its rate is known. `command` is run instead of `tao-knowledge upgrade`.

    Raises:
        StoreError: it ended at once; the text has the end of its log.
        OSError: the folder for the state cannot be written.
    """
    record = UpgradeRecord(place.folder)
    record.make_folder()
    if record.running() and (state := record.read()):
        return state
    launched = time.time()
    process = _launch(command or _command(place), record.log)
    state = _wait_for_state(record, process, launched)
    known_by = time.monotonic() + patience
    while time.monotonic() < known_by and process.returncode is None and not state.rate:
        time.sleep(_POLL_SECONDS)
        state = record.read() or state
    return state


def end_background(place: Place, *, seconds: float = _END_SECONDS) -> UpgradeState | None:
    """End the upgrade of a collection, wherever it runs; None if there is none.

    Raises:
        StoreError: it did not end within `seconds`.
    """
    record = UpgradeRecord(place.folder)
    if not record.running():
        return None
    record.request_stop()
    given_up = time.monotonic() + seconds
    while record.running():
        if time.monotonic() > given_up:
            state = record.read()
            whom = f"End it with: kill {state.pid}" if state else f"Its log is {str(record.log)!r}."
            raise StoreError(f"The upgrade of {place.name!r} did not end within {seconds:g} s. {whom}")
        time.sleep(_POLL_SECONDS)
    return record.read()


def _command(place: Place) -> list[str]:
    options = ["--store", str(place.store.absolute()), "--collection", place.name]
    # -P: a file named like one of our modules in the current folder must not be run.
    return [sys.executable, "-P", "-m", "tao_servers.knowledge", "upgrade", *options]


def _launch(command: Sequence[str], log: Path) -> "subprocess.Popen[bytes]":
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "wb") as output:
        # In the folder of whoever starts it: settings may stand in it, and name paths relative to it.
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            close_fds=True,
            start_new_session=True,
            creationflags=_detached(),
            # Threads that spin while they wait take the core from whoever has work.
            env={**os.environ, "OMP_WAIT_POLICY": "passive", "PYTHONUTF8": "1"},
        )
    # Somebody has to wait for it, or it stays a zombie for as long as this process lives.
    threading.Thread(target=process.wait, name=f"wait-{process.pid}", daemon=True).start()
    return process


def _wait_for_state(
    record: UpgradeRecord, process: "subprocess.Popen[bytes]", launched: float
) -> UpgradeState:
    given_up = time.monotonic() + _START_SECONDS
    while True:
        ended = process.returncode
        state = record.read()
        if state is not None and state.begun >= launched and state.error is None:
            return state
        if ended is not None or time.monotonic() > given_up:
            how = "did not begin" if ended is None else f"ended with exit code {ended}"
            raise StoreError(f"The upgrade in the background {how}. {tail(record.log)}")
        time.sleep(_POLL_SECONDS)


def _detached() -> int:
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS
        return flags | subprocess.BELOW_NORMAL_PRIORITY_CLASS
    return 0
