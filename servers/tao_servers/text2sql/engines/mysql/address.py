"""Reads the URL of a MySQL database into what its driver is called with."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from tao_servers.text2sql.errors import SetupError

__all__ = ["Address", "read_address"]

_SCHEMES = {"mysql", "mariadb", "mysql+pymysql", "mariadb+pymysql"}
_TLS_OPTIONS = {
    "ssl",
    "ssl_ca",
    "ssl_cert",
    "ssl_disabled",
    "ssl_key",
    "ssl_verify_cert",
    "ssl_verify_identity",
}
_OPTIONS = _TLS_OPTIONS | {"charset", "unix_socket"}
_TRUE = {"1", "on", "required", "true", "yes"}
_FALSE = {"0", "false", "no", "off"}


@dataclass(frozen=True, slots=True)
class Address:
    """Where a database is; `shown` has no password, `arguments` are those of `pymysql.connect`."""

    database: str
    shown: str
    arguments: Mapping[str, Any] = field(repr=False)


def read_address(address: str) -> Address:
    """The parts of `mysql://user:password@host:3306/name?ssl_ca=FILE`.

    Further parameters: unix_socket, ssl, ssl_cert, ssl_key, ssl_verify_cert, ssl_verify_identity,
    ssl_disabled.
    Without any of them TLS is used when the server has it, and its certificate is not checked.

    Raises:
        SetupError: a part is missing, wrong or not known.
    """
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        # The text of the library's error may have the password in it.
        raise SetupError(f"The address of the database is no URL. {_form()}") from None
    if url.drivername not in _SCHEMES:
        raise SetupError(f"The driver {url.drivername!r} is not used here. {_form()}")
    if not url.database:
        raise SetupError(
            f"The address {_shown(url)} names no database: put its name after the host. {_form()}"
        )
    if not url.username:
        raise SetupError(f"The address {_shown(url)} names no user. {_form()}")
    return Address(url.database, _shown(url), _arguments(url))


def _form() -> str:
    form = "mysql://USER:PASSWORD@HOST:3306/NAME"
    return f"Its form is {form}, with @ : / % in the password written as %40 %3A %2F %25."


def _shown(url: URL) -> str:
    return url.set(query={}).render_as_string(hide_password=True)


def _arguments(url: URL) -> dict[str, Any]:
    options = _options(url)
    arguments: dict[str, Any] = {
        "user": url.username,
        # The driver would encode a text as Latin-1.
        "password": str(url.password or "").encode(),
        "database": url.database,
        "charset": "utf8mb4",
        "local_infile": False,
    }
    if "unix_socket" in options:
        return arguments | {"unix_socket": options["unix_socket"]} | _tls(options, local=True)
    return (
        arguments | {"host": url.host or "localhost", "port": url.port or 3306} | _tls(options, local=False)
    )


def _options(url: URL) -> dict[str, str]:
    options: dict[str, str] = {}
    for name, value in url.query.items():
        if name not in _OPTIONS or not isinstance(value, str):
            known = ", ".join(sorted(_OPTIONS))
            raise SetupError(
                f"The address has the parameter {name!r}, which is not known or given twice: {known}."
            )
        options[name] = value
    # In some other encodings a byte of a character reads as a quote or a backslash.
    if options.get("charset", "utf8mb4").lower() != "utf8mb4":
        raise SetupError("The address asks for another charset than utf8mb4: leave `charset` out.")
    return options


def _tls(options: Mapping[str, str], *, local: bool) -> dict[str, Any]:
    if (
        _flag(options, "ssl_disabled")
        or _flag(options, "ssl") is False
        or (local and not _TLS_OPTIONS & set(options))
    ):
        return {"ssl_disabled": True}
    if not _TLS_OPTIONS & set(options):
        return {}
    files = {name: options[name] for name in ("ssl_ca", "ssl_cert", "ssl_key") if name in options}
    for name, file in files.items():
        if not Path(file).is_file():
            raise SetupError(f"The file {file!r} that `{name}` of the address names does not exist.")
    try:
        return {"ssl": _context(files, options)}
    except (OSError, ValueError) as exc:
        raise SetupError(f"The certificates that the address names cannot be used: {exc}.") from exc


def _context(files: Mapping[str, str], options: Mapping[str, str]) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=files.get("ssl_ca"))
    # The certificates that MySQL makes for itself do not pass the strict check.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    identity = bool(_flag(options, "ssl_verify_identity"))
    checked = _flag(options, "ssl_verify_cert")
    context.check_hostname = identity
    if not identity and checked is not True and (checked is False or "ssl_ca" not in files):
        context.verify_mode = ssl.CERT_NONE
    if "ssl_cert" in files:
        context.load_cert_chain(files["ssl_cert"], files.get("ssl_key"))
    return context


def _flag(options: Mapping[str, str], name: str) -> bool | None:
    if name not in options:
        return None
    value = options[name].lower()
    if value not in _TRUE | _FALSE:
        raise SetupError(f"The parameter {name!r} of the address is {options[name]!r}: use true or false.")
    return value in _TRUE
