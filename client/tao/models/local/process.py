"""The embedded model as its users see it: a lease on one process that all runs of this user share."""

from collections.abc import Callable, Sequence
from pathlib import Path
from signal import SIGTERM
from subprocess import Popen, TimeoutExpired
from types import TracebackType
from typing import Self

import anyio

from tao.errors import ConfigError, ModelError
from tao.models.local import machine
from tao.models.local.catalog import Entry, find_entry
from tao.models.local.client import NoAnswerError, OpenLease, is_healthy
from tao.models.local.fetch import pulled
from tao.models.local.launch import check_engine, launch, obituary, serve_command, tail
from tao.models.local.lock import locked
from tao.models.local.state import State, processes_dir, read_state

__all__ = ["LocalModel"]

_POLL_SECONDS = 0.05
_LOADED_ANSWER_SECONDS = 10.0
_END_SECONDS = 2.0

Command = Callable[[str, Path, Path], Sequence[str]]


class LocalModel:
    """One embedded model, started when no process of this user serves it yet.

    Within `async with`, `base_url` (with its `/v1`) and `api_key` reach it. Afterwards its process stays for
    `idle_seconds`. `say` is told what takes time. Without `start` only a process that is there is used.
    """

    def __init__(
        self,
        model: str | Entry,
        *,
        idle_seconds: float = 600.0,
        start_timeout: float = 120.0,
        folder: Path | None = None,
        say: Callable[[str], None] = lambda line: None,
        start: bool = True,
        available_memory: Callable[[], int | None] = machine.available_memory,
        command: Command = serve_command,
    ) -> None:
        self._entry = find_entry(model) if isinstance(model, str) else model
        self._idle_seconds = idle_seconds
        self._start_timeout = start_timeout
        self._folder = folder
        self._say = say
        self._may_start = start
        self._available_memory = available_memory
        self._command = command
        self._lease: OpenLease | None = None
        self._state_file = processes_dir() / f"{self._entry.name}.json"
        self.name = self._entry.name
        self.base_url = ""
        self.api_key = ""
        self.pid = 0

    @property
    def log(self) -> Path:
        """Where the process writes what it has to say."""
        return self._state_file.with_suffix(".log")

    async def __aenter__(self) -> Self:
        """Take a lease, on a process that is there or on a new one.

        Raises:
            ModelError: the weights, the engine or the memory is missing, or the process did not get ready.
        """
        if self._lease is not None:
            raise RuntimeError("This LocalModel is in use; make another one.")
        await anyio.to_thread.run_sync(_make_private, self._state_file.parent)
        try:
            with anyio.fail_after(self._start_timeout):
                lock = self._state_file.with_suffix(".lock")
                waiting = f"Another run is starting {self.name!r}; waiting for it."
                async with locked(lock, lambda: self._say(waiting)):
                    self._lease = await self._join() or await self._start()
        except TimeoutError as exc:
            raise ModelError(
                f"The embedded model {self.name!r} was not ready within {self._start_timeout:g} s. "
                + await anyio.to_thread.run_sync(tail, self.log)
            ) from exc
        self.base_url, self.pid = self._lease.base_url, self._lease.pid
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        lease, self._lease = self._lease, None
        if lease is not None:
            await lease.aclose()

    async def _join(self) -> OpenLease | None:
        state = await anyio.to_thread.run_sync(read_state, self._state_file)
        if state is None or state.name != self.name:
            return None
        # A loaded process answers at once; one that is loading answers when it is done.
        seconds = _LOADED_ANSWER_SECONDS if state.base_url else self._start_timeout
        with anyio.move_on_after(seconds):
            try:
                return await self._take(state)
            except NoAnswerError:
                return None
        return None

    async def _take(self, state: State) -> OpenLease:
        lease = await OpenLease.take(state, idle_seconds=self._idle_seconds)
        try:
            if not await is_healthy(lease.base_url):
                raise NoAnswerError(f"{lease.base_url} does not answer")
            await lease.confirm()
        except BaseException:
            await lease.aclose()
            raise
        self.api_key = state.key
        return lease

    async def _start(self) -> OpenLease:
        if not self._may_start:
            raise ModelError(f"The embedded model {self.name!r} is not running.")
        weights = await anyio.to_thread.run_sync(self._check)
        self._say(f"Loading {self.name!r} ({machine.megabytes(self._entry.size)}).")
        await anyio.to_thread.run_sync(lambda: self._state_file.unlink(missing_ok=True))
        command = self._command(self.name, weights, self._state_file)
        process = await anyio.to_thread.run_sync(launch, command, self.log)
        try:
            return await self._take(await self._wait_for_state(process))
        except NoAnswerError as exc:
            raise ModelError(await self._why(process, exc)) from exc
        except BaseException:
            # Cancelled, or out of time: nobody else has it yet, and loading would go on for nothing.
            process.terminate()
            raise

    def _check(self) -> Path:
        weights = pulled(self._entry, self._folder)
        if weights is None:
            raise ModelError(
                f"The embedded model {self.name!r} is not on this machine. "
                f"Get it with: agent model pull {self.name}"
            )
        memory = self._available_memory()
        if memory is not None and memory < self._entry.memory:
            raise ModelError(
                f"The embedded model {self.name!r} needs {machine.megabytes(self._entry.memory)} of memory, "
                f"and {machine.megabytes(memory)} are free. Close something, use the model 'local-small', "
                f"or set TAO_MODEL_BASE_URL to another endpoint."
            )
        check_engine()
        return weights

    async def _wait_for_state(self, process: "Popen[bytes]") -> State:
        while process.returncode is None:
            state = await anyio.to_thread.run_sync(read_state, self._state_file)
            if state is not None:
                return state
            await anyio.sleep(_POLL_SECONDS)
        raise NoAnswerError("it ended at once")

    async def _why(self, process: "Popen[bytes]", exc: NoAnswerError) -> str:
        process.terminate()
        try:
            ended = await anyio.to_thread.run_sync(process.wait, _END_SECONDS)
        except TimeoutExpired:
            ended = 0
        rest = f"({exc}). {tail(self.log)}" if ended in (0, -SIGTERM) else obituary(ended, self.log)
        return f"The process of the embedded model {self.name!r} could not serve it: it {rest}"


def _make_private(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as exc:
        raise ConfigError(
            f"The folder {str(folder)!r} cannot be used: {exc.strerror}. Set XDG_STATE_HOME to another one."
        ) from exc
