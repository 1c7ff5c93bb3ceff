"""One connection to a server: what PyMySQL's lacks, and how a running statement is ended."""

import contextlib
import logging
import socket
import ssl
from typing import Any

import pymysql  # type: ignore[import-untyped, unused-ignore]
from pymysql.connections import MAX_PACKET_LEN, Connection  # type: ignore[import-untyped, unused-ignore]
from pymysql.constants import CR, ER, FIELD_TYPE  # type: ignore[import-untyped, unused-ignore]
from pymysql.converters import conversions  # type: ignore[import-untyped, unused-ignore]
from pymysql.cursors import SSCursor  # type: ignore[import-untyped, unused-ignore]

from tao_servers.text2sql.engines.mysql.address import Address
from tao_servers.text2sql.engines.mysql.flavour import Server

__all__ = ["RowTooLong", "Wire", "ask", "connect", "end_statement"]

_LOG = logging.getLogger(__name__)

_CONNECT_SECONDS = 5
_ANSWER_SECONDS = 10
_COM_RESET_CONNECTION = 0x1F
# A BIT is a number to people, and a TIME is what the server says: -838:59:59.
_CONVERSIONS = conversions | {
    FIELD_TYPE.BIT: lambda value: int.from_bytes(value, "big"),
    FIELD_TYPE.TIME: str,
}


class RowTooLong(Exception):
    """A row has 16 MiB or more."""


class Wire(Connection):  # type: ignore[misc, unused-ignore]
    """A connection that can be cleaned for the next user, or cut in the middle of a result.

    Sources: "COM_RESET_CONNECTION" in the protocol documentation of MySQL and of MariaDB.
    """

    server = Server("")

    @property
    def idle(self) -> bool:
        """Whether it is open and no result is left to be read."""
        return self._sock is not None and not (self._result is not None and self._result.unbuffered_active)

    def open_socket(self) -> None:
        """Connect; a local socket is opened here, since the driver would leave one that is refused open."""
        if not self.unix_socket:
            self.connect()
            return
        local = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            local.settimeout(_CONNECT_SECONDS)
            local.connect(self.unix_socket)
        except OSError as exc:
            local.close()
            raise pymysql.err.OperationalError(
                CR.CR_CONNECTION_ERROR, f"Can't connect through it ({exc})"
            ) from exc
        # Nobody listens in on it: passwords may be sent without TLS.
        self._secure = True
        self.connect(local)

    def wait_at_most(self, seconds: float) -> None:
        """From now on take the server for lost when it says nothing for so long."""
        self._read_timeout = self._write_timeout = seconds

    def reset(self) -> None:
        """Undo whatever a session may carry on: transaction, variables, locks, temporary tables."""
        self._execute_command(_COM_RESET_CONNECTION, b"")
        self._read_ok_packet()

    def abandon(self) -> None:
        """Close it at once, without reading the rest of a result."""
        self._force_close()

    def _force_close(self) -> None:
        # Else the driver would go on to read a result from the closed connection.
        if self._result is not None:
            self._result.unbuffered_active = False
        super()._force_close()

    def interrupt(self) -> None:
        """Wake up, from another thread, who waits for an answer on it."""
        # It may be closed by now, or closed while we look.
        with contextlib.suppress(OSError, TypeError):
            # Not by the method of a TLS socket, which the other thread is in.
            socket.socket.shutdown(self._sock, socket.SHUT_RDWR)

    def _create_ssl_ctx(self, sslp: Any) -> ssl.SSLContext:
        if isinstance(sslp, ssl.SSLContext):
            return sslp
        # Without parameters no certificate is checked, so that the system's authorities, which take 35 ms to
        # load for each connection, are of no use.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context

    def _read_bytes(self, num_bytes: int) -> bytes:
        # Only a row that goes on in a further packet has a packet of full length.
        if num_bytes == MAX_PACKET_LEN:
            self._force_close()
            raise RowTooLong
        data: bytes = super()._read_bytes(num_bytes)
        return data


def connect(address: Address) -> Wire:
    """A new connection, whose server is known.

    Raises:
        pymysql.err.Error: the server cannot be reached or does not let us in.
        RuntimeError: the password cannot be sent safely.
    """
    wire = Wire(
        **address.arguments,
        conv=_CONVERSIONS,
        defer_connect=True,
        # None leaves the server's own setting, at the cost of no round trip.
        autocommit=None,
        cursorclass=SSCursor,
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_ANSWER_SECONDS,
        write_timeout=_ANSWER_SECONDS,
    )
    wire.open_socket()
    try:
        version, mode, host, port = ask(wire, "SELECT VERSION(), @@sql_mode, @@hostname, @@port")[0]
    except BaseException:
        wire.abandon()
        raise
    wire.server = Server(str(version), str(mode), str(host), int(port))
    return wire


def ask(wire: Wire, sql: str) -> list[tuple[Any, ...]]:
    """All rows of a small statement of our own."""
    with wire.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor) if cursor.description else []


def end_statement(wire: Wire, address: Address) -> None:
    """End what runs on `wire`, on the server and here, by ending the connection; from any thread.

    KILL QUERY would be lost on a connection that is between two statements.
    """
    try:
        with contextlib.closing(connect(address)) as second:
            # Behind a balancer the second connection may reach another server, where the number is another's.
            if (second.server.host, second.server.port) == (wire.server.host, wire.server.port):
                second.query(f"KILL {wire.thread_id():d}")
            else:
                _LOG.warning("A statement was left to its time limit: another server answered.")
    except (pymysql.err.Error, RuntimeError) as exc:
        if exc.args[:1] != (ER.NO_SUCH_THREAD,):
            _LOG.warning("A statement was left to its time limit: %s", exc)
    finally:
        wire.interrupt()
