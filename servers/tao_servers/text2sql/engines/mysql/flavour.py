"""What differs between the servers that speak MySQL's protocol, and how a session is set up on each."""

import re
from dataclasses import dataclass

__all__ = ["Server"]

# Modes that change how quotes, backslashes, operators or whole statements are read, against which statements
# are not checked. What is left of a server's mode (ONLY_FULL_GROUP_BY, ...) changes results, not readings.
_READ_OTHERWISE = {
    "ANSI",
    "ANSI_QUOTES",
    "DB2",
    "EMPTY_STRING_IS_NULL",
    "HIGH_NOT_PRECEDENCE",
    "IGNORE_SPACE",
    "MAXDB",
    "MSSQL",
    "MYSQL323",
    "MYSQL40",
    "NO_BACKSLASH_ESCAPES",
    "ORACLE",
    "PIPES_AS_CONCAT",
    "POSTGRESQL",
}
# Of a recursive WITH; the time limit ends those that are too many.
_ROUNDS = 1_000_000
_LOCK_SECONDS = 3


@dataclass(frozen=True, slots=True)
class Server:
    """One server as it describes itself: version(), @@sql_mode, @@hostname and @@port."""

    version: str
    sql_mode: str = ""
    host: str = ""
    port: int = 0

    @property
    def is_mariadb(self) -> bool:
        """Whether it is MariaDB; all others are taken for MySQL."""
        return "mariadb" in self.version.lower()

    @property
    def product(self) -> str:
        """Its name for people."""
        return "MariaDB" if self.is_mariadb else "MySQL"

    def settings(self, seconds: float, most_rows: int | None = None) -> tuple[str, ...]:
        """Statements that bound a session: encoding, reading of quotes, time, rows, waits, no writing.

        Sources: `max_execution_time` (milliseconds, SELECT only) in MySQL's reference manual, "Server System
        Variables"; `max_statement_time` (seconds) in MariaDB's.
        """
        if self.is_mariadb:
            # By default it cuts a recursion at 1,000 rounds without a word, where MySQL says so.
            limit = f"max_statement_time = {max(seconds, 0.001):.3f}, max_recursive_iterations = {_ROUNDS}"
        else:
            limit = f"max_execution_time = {max(int(seconds * 1000), 1)}"
        rows = f", sql_select_limit = {most_rows}" if most_rows is not None else ""
        return (
            f"SET NAMES utf8mb4, sql_mode = '{self.plain_mode}', {limit}{rows},"
            f" lock_wait_timeout = {_LOCK_SECONDS}, innodb_lock_wait_timeout = {_LOCK_SECONDS}",
            # The session too: MariaDB ends a READ ONLY transaction before it looks at a CREATE or ALTER.
            "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
            "START TRANSACTION READ ONLY",
        )

    @property
    def plain_mode(self) -> str:
        """The server's sql_mode without what changes how a statement is read."""
        modes = (mode.strip().upper() for mode in self.sql_mode.split(","))
        return ",".join(mode for mode in modes if re.fullmatch(r"\w+", mode) and mode not in _READ_OTHERWISE)
