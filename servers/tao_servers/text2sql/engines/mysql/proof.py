"""Sees for itself that an account can only read."""

import secrets

import pymysql  # type: ignore[import-untyped, unused-ignore]

from tao_servers.text2sql.engines.mysql import failures
from tao_servers.text2sql.engines.mysql.grants import Finding, findings, granted_roles, remedy
from tao_servers.text2sql.engines.mysql.sessions import Sessions
from tao_servers.text2sql.engines.mysql.wire import Wire, ask
from tao_servers.text2sql.errors import NotReadOnly, SetupError

__all__ = ["prove_read_only"]

_SECONDS = 10.0
_MOST_DATABASES = 100
_NOT_GRANTED = 1959
_NO_SUCH_VIEW = {1109, 1146}
_SYSTEM = {"information_schema", "performance_schema"}


def prove_read_only(sessions: Sessions, database: str) -> None:
    """Read the rights of the account and try, without effect, to write.

    Raises:
        NotReadOnly: it has other rights than to read, or the server lets a change into a transaction that is
            to be read-only.
        SetupError: the database cannot be reached, or its server lacks what is needed.
    """
    # A role that is taken on stays with its connection, so that this one is not used for anything else.
    with sessions.alone() as wire:
        try:
            found = findings(_grants(wire)) or _writable(wire)
            if found:
                raise NotReadOnly(remedy(database, found))
            _check_transaction(wire, database)
        except (pymysql.err.Error, RuntimeError, ValueError, OSError) as exc:
            product = wire.server.product
            raise SetupError(
                f"It could not be seen whether the account may only read: {_said(exc, product)} Servers that"
                " lack READ ONLY transactions or a time limit for statements cannot be used."
            ) from exc


def _grants(wire: Wire) -> list[str]:
    lines = _lines(wire, "SHOW GRANTS")
    if not wire.server.is_mariadb:
        roles = list(dict.fromkeys([*granted_roles(lines), *_mysql_roles(wire)]))
        return lines + (
            _lines(wire, f"SHOW GRANTS FOR CURRENT_USER() USING {', '.join(roles)}") if roles else []
        )
    # A role's rights are shown only to who has taken it on; those of the roles in it are shown with them.
    taken = ask(wire, "SELECT CURRENT_ROLE()")[0][0]
    own = {f"`{str(taken).replace('`', '``')}`"} if taken is not None else set()
    for role in [role for role in granted_roles(lines) if role not in own]:
        try:
            ask(wire, f"SET ROLE {role}")
        except pymysql.err.OperationalError as exc:
            # A role within one that was taken on already, which cannot be taken on by itself.
            if exc.args[0] != _NOT_GRANTED:
                raise
            continue
        lines += _lines(wire, "SHOW GRANTS")
    return lines


def _mysql_roles(wire: Wire) -> list[str]:
    """Those of `mandatory_roles`, too, which every account has."""
    try:
        rows = ask(wire, "SELECT role_name, role_host FROM information_schema.applicable_roles")
    except pymysql.err.Error as exc:
        # Before MySQL 8.0.19.
        if exc.args[0] not in _NO_SUCH_VIEW:
            raise
        return []
    return [f"{_identifier(str(name))}@{_identifier(str(host))}" for name, host in rows]


def _lines(wire: Wire, sql: str) -> list[str]:
    return [str(row[0]) for row in ask(wire, sql)]


def _writable(wire: Wire) -> list[Finding]:
    """Databases in which a DELETE gets as far as to a table that is not there.

    SHOW GRANTS keeps silent about the rights that an entry without a user gives everybody, as MariaDB's
    `test` database has it.
    """
    names = [str(name) for (name,) in ask(wire, "SELECT schema_name FROM information_schema.schemata")]
    found = []
    for name in [name for name in names if name.lower() not in _SYSTEM][:_MOST_DATABASES]:
        code = _refusal(wire, f"DELETE FROM {_identifier(name)}.{_nowhere()} WHERE 1 = 0")
        if code not in failures.DENIED:
            found.append(Finding("DELETE", f"{_identifier(name)}.*"))
    return found


def _check_transaction(wire: Wire, database: str) -> None:
    for statement in wire.server.settings(_SECONDS):
        ask(wire, statement)
    said = ask(
        wire, "SHOW SESSION VARIABLES WHERE variable_name IN ('transaction_read_only', 'tx_read_only')"
    )
    if not said or any(str(value).upper() not in {"ON", "1"} for _, value in said):
        raise NotReadOnly(f"{wire.server.product} {wire.server.version} does not keep a session read-only.")
    # Without effect even where it were let through: there is no such table.
    target = f"{_identifier(database)}.{_nowhere()}"
    code = _refusal(wire, f"ALTER TABLE {target} RENAME TO {target}")
    if code not in failures.DENIED:
        server = f"{wire.server.product} {wire.server.version}"
        raise NotReadOnly(f"{server} let a change into a read-only transaction (its error was {code}).")


def _refusal(wire: Wire, sql: str) -> int | None:
    try:
        ask(wire, sql)
    except pymysql.err.Error as exc:
        if wire.idle and isinstance(exc.args[0], int):
            return exc.args[0]
        raise
    return None


def _nowhere() -> str:
    return f"`tao_probe_{secrets.token_hex(8)}`"


def _identifier(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _said(exc: Exception, product: str) -> str:
    return str(failures.of_statement(exc, product, _SECONDS))
