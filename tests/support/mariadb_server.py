"""A MariaDB server of its own in a temporary folder, for tests and benchmarks.

Debian's package `mariadb-server` brings what it needs.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["MISSING", "MariadbServer", "has_mariadb", "mariadb_server"]

MISSING = "no mariadbd here; `apt-get install mariadb-server` brings it"
_START_SECONDS = 60


def _program(name: str) -> str | None:
    return shutil.which(
        name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    )


def has_mariadb() -> bool:
    """Whether the server and the program that makes its data folder are installed."""
    return _program("mariadbd") is not None and _program("mariadb-install-db") is not None


@dataclass
class MariadbServer:
    """A running server; the administrator `root` comes in through the socket, without a password."""

    folder: Path
    port: int
    options: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def socket(self) -> Path:
        """The Unix socket."""
        return self.folder / "s"

    @property
    def log(self) -> str:
        """What the server wrote on stderr."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def url(self, database: str, *, user: str = "root", password: str = "", tcp: bool = False) -> str:
        """An address for SQLAlchemy; over the socket unless `tcp`."""
        account = f"{user}:{password}@" if password else f"{user}@"
        if tcp:
            return f"mysql://{account}127.0.0.1:{self.port}/{database}"
        return f"mysql://{account}localhost/{database}?unix_socket={self.socket}"

    def admin(self, *statements: str, database: str | None = None) -> list[tuple[Any, ...]]:
        """Run statements as the administrator; gives the rows of the last."""
        import pymysql  # type: ignore[import-untyped, unused-ignore]

        with (
            pymysql.connect(
                unix_socket=str(self.socket),
                user="root",
                database=database,
                autocommit=True,
                ssl_disabled=True,
            ) as connection,
            connection.cursor() as cursor,
        ):
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall())

    def reader(self, database: str, *grants: str, user: str = "reader") -> str:
        """Make an account anew with `grants`, only reading `database` by default; gives its address."""
        rights = grants or (f"GRANT SELECT, SHOW VIEW ON `{database}`.* TO {user}",)
        self.admin(f"DROP USER IF EXISTS {user}", f"CREATE USER {user} IDENTIFIED BY 'geheim'", *rights)
        return self.url(database, user=user, password="geheim")

    def running(self, user: str = "reader") -> list[str]:
        """The statements that a user's connections are running now."""
        rows = self.admin(
            "SELECT info FROM information_schema.processlist"
            f" WHERE user = '{user}' AND command <> 'Sleep' AND info IS NOT NULL"
        )
        return [str(row[0]) for row in rows]

    def wait_until_idle(self, user: str = "reader") -> list[str]:
        """What a user's connections still run after a while in which they should have ended."""
        for _ in range(100):
            left = self.running(user)
            if not left:
                break
            time.sleep(0.05)
        return left

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        assert self.process is None
        command = [
            _program("mariadbd") or "mariadbd",
            "--no-defaults",
            f"--datadir={self.folder / 'data'}",
            f"--socket={self.socket}",
            f"--pid-file={self.folder / 'pid'}",
            f"--secure-file-priv={self.folder}",
            "--bind-address=127.0.0.1",
            f"--port={self.port}",
            "--skip-name-resolve",
            "--innodb-buffer-pool-size=64M",
            "--innodb-flush-log-at-trx-commit=0",
            "--performance-schema=OFF",
            "--character-set-server=utf8mb4",
            *self.options,
            *_as_root(),
        ]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self._wait()

    def stop(self) -> None:
        """Stop the server; kill it when it does not end by itself."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(20)
        self.process = None

    def restart(self) -> None:
        """Stop it and start it again, at the same address."""
        self.stop()
        self.start()

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self.process and self.process.poll() is None:
            # The driver would leave a socket that is refused open.
            with socket.socket(socket.AF_UNIX) as probe:
                if probe.connect_ex(str(self.socket)) == 0:
                    break
            time.sleep(0.02)
        else:
            self.stop()
            raise AssertionError(f"mariadbd did not start:\n{self.log[-3000:]}")


@contextmanager
def mariadb_server(*options: str) -> Iterator[MariadbServer]:
    """A new server with `options` of mariadbd; it and its folder are gone after the block."""
    # A Unix socket's path may have about 100 characters, which pytest's folders exceed.
    folder = Path(tempfile.mkdtemp(prefix="mdb-"))
    try:
        _make_data(folder)
        server = MariadbServer(folder, _free_port(), options)
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _make_data(folder: Path) -> None:
    command = [
        _program("mariadb-install-db") or "mariadb-install-db",
        "--no-defaults",
        f"--datadir={folder / 'data'}",
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
        *_as_root(),
    ]
    made = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)
    assert made.returncode == 0, made.stdout.decode(errors="replace") + made.stderr.decode(errors="replace")


def _as_root() -> list[str]:
    # The server refuses to run as root unless told to.
    return ["--user=root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
