"""What psycopg is given to connect with, from the URL of a database."""

from urllib.parse import unquote

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from tao_servers.text2sql.errors import SetupError

__all__ = ["parameters"]

_FORM = "postgresql://role@host:5432/database"
_SCHEMES = frozenset({"postgres", "postgresql", "postgresql+psycopg"})
# A network that is gone must not hold a thread for the two hours that systems wait by themselves.
_DEFAULTS: dict[str, str | int] = {
    "application_name": "tao-text2sql",
    "connect_timeout": 5,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}


def parameters(name: str, address: str) -> dict[str, str | int]:
    """Parameters of libpq for `address`; those in its query win over ours.

    Raises:
        SetupError: it is no URL of a PostgreSQL.
    """
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        # Its text may have the password in it.
        raise SetupError(f"The URL of {name!r} cannot be read. It should look like {_FORM!r}.") from None
    if url.drivername not in _SCHEMES:
        raise SetupError(
            f"The URL of {name!r} begins with {url.drivername!r}. It should look like {_FORM!r}."
        )
    options: dict[str, str | int] = {key: _last(value) for key, value in url.query.items()}
    # Without one, libpq looks into PGPASSWORD and ~/.pgpass.
    return _DEFAULTS | _place(url) | options | {"client_encoding": "UTF8"}


def _place(url: URL) -> dict[str, str | int]:
    found: dict[str, str | int | None] = {
        "host": url.host,
        "port": url.port,
        "user": url.username,
        "password": str(url.password) if url.password else None,
        "dbname": unquote(url.database) if url.database else None,
    }
    return {key: value for key, value in found.items() if value is not None}


def _last(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else value[-1]
