"""Sees for itself that nothing can be written: the rights of the role, then the transaction."""

import psycopg

from tao_servers.text2sql.engines.postgres.rights import FROM_PUBLIC, QUESTIONS, SUPERUSER
from tao_servers.text2sql.engines.postgres.session import Session
from tao_servers.text2sql.errors import NotReadOnly

__all__ = ["prove"]

_SHOWN = 5
_ROLE_OF_OUR_OWN = "tao_reader"


def prove(session: Session, name: str) -> None:
    """Look at the role of `session`, then try to write; `name` is the database's in the settings.

    Raises:
        NotReadOnly: the role may do more than read, or the transaction lets something be written.
    """
    findings = _found(session, SUPERUSER)
    if not findings:
        findings = [finding for question in QUESTIONS for finding in _found(session, question)]
    if findings:
        raise NotReadOnly(_told(session, name, findings))
    if session.rows("SHOW transaction_read_only") != [["on"]] or _can_create(session):
        raise NotReadOnly(
            f"The database {name!r} does not keep to READ ONLY transactions: a table could be made in one."
            " Connect to PostgreSQL itself rather than to what stands before it."
        )


def _found(session: Session, question: str) -> list[str]:
    return [str(finding) for (finding,) in session.rows(question)]


def _can_create(session: Session) -> bool:
    """Were it to work, nothing would come of it: the transaction is rolled back."""
    try:
        session.execute("CREATE TABLE tao_probe (x integer)")
    except psycopg.errors.ReadOnlySqlTransaction:
        return False
    except psycopg.errors.InsufficientPrivilege:
        # It may not, but that leaves open what the transaction would have said.
        return True
    return True


def _told(session: Session, name: str, findings: list[str]) -> str:
    role, database = (str(value) for value in session.rows("SELECT session_user, current_database()")[0])
    shown = "; ".join(findings[:_SHOWN])
    more = f"; and {len(findings) - _SHOWN} more" if len(findings) > _SHOWN else ""
    return (
        f"The role {role!r} of the database {name!r} can do more than read: {shown}{more}. Use a role"
        f" that can only read. An administrator makes one in {database!r} with:\n{_remedy(session, database)}"
    )


def _remedy(session: Session, database: str) -> str:
    schemas = session.rows(
        "SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_'"
        " AND nspname <> 'information_schema' ORDER BY nspname <> 'public', nspname LIMIT 3"
    )
    lines = [
        f"CREATE ROLE {_ROLE_OF_OUR_OWN} LOGIN PASSWORD 'choose one';",
        f"ALTER ROLE {_ROLE_OF_OUR_OWN} SET default_transaction_read_only = on;",
        f"GRANT CONNECT ON DATABASE {_quoted(database)} TO {_ROLE_OF_OUR_OWN};",
    ]
    for (schema,) in schemas or [["public"]]:
        quoted = _quoted(str(schema))
        lines += [
            f"GRANT USAGE ON SCHEMA {quoted} TO {_ROLE_OF_OUR_OWN};",
            f"GRANT SELECT ON ALL TABLES IN SCHEMA {quoted} TO {_ROLE_OF_OUR_OWN};",
        ]
    # A new role could do these as well, since everybody can.
    return "\n".join([*lines, *_found(session, FROM_PUBLIC)])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
