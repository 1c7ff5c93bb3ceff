import ssl
from pathlib import Path

import pytest

from tao_servers.text2sql.database import Database
from tao_servers.text2sql.engines.mysql import MysqlEngine
from tao_servers.text2sql.engines.mysql.address import read_address
from tao_servers.text2sql.errors import SetupError


def test_an_address_gives_the_driver_what_it_needs() -> None:
    address = read_address("mariadb+pymysql://reader:p%40ss%E5%AF%86@db.example:3307/%E5%95%86%E5%BA%97")
    assert address.database == "商店"
    assert address.arguments["host"] == "db.example"
    assert address.arguments["port"] == 3307
    assert address.arguments["password"] == "p@ss密".encode()
    assert address.arguments["charset"] == "utf8mb4"
    assert address.arguments["local_infile"] is False


def test_a_socket_takes_the_place_of_host_and_port() -> None:
    arguments = read_address("mysql://reader@localhost/shop?unix_socket=/run/db.sock").arguments
    assert arguments["unix_socket"] == "/run/db.sock"
    assert arguments["ssl_disabled"] is True
    assert "host" not in arguments


@pytest.mark.parametrize(
    ("address", "seen"),
    [
        ("mysql://reader:geheim@host", "names no database"),
        ("mysql://host/shop", "names no user"),
        ("mysql+mysqldb://reader:geheim@host/shop", "mysql+mysqldb"),
        ("mysql://reader:geheim@host:port/shop", "is no URL"),
        ("mysql//reader:geheim@host/shop", "is no URL"),
        ("mysql://reader:geheim@host/shop?local_infile=1", "local_infile"),
        ("mysql://reader:geheim@host/shop?init_command=DROP", "init_command"),
        ("mysql://reader:geheim@host/shop?charset=gbk", "utf8mb4"),
        ("mysql://reader:geheim@host/shop?charset=utf8mb4&charset=gbk", "given twice"),
        ("mysql://reader:geheim@host/shop?ssl=vielleicht", "true or false"),
        ("mysql://reader:geheim@host/shop?ssl_ca=/nowhere/ca.pem", "does not exist"),
    ],
)
def test_a_wrong_address_is_named_without_its_password(address: str, seen: str) -> None:
    with pytest.raises(SetupError) as caught:
        read_address(address)
    assert seen in str(caught.value)
    assert "geheim" not in str(caught.value)
    assert "geheim" not in repr(caught.value.__cause__)


def test_the_password_is_not_shown_with_the_address() -> None:
    address = read_address("mysql://reader:geheim@host/shop?ssl=true")
    assert "geheim" not in repr(address)
    assert address.shown == "mysql://reader:***@host/shop"


def test_tls_is_checked_as_far_as_the_address_asks() -> None:
    assert "ssl" not in read_address("mysql://r@host/shop").arguments
    assert read_address("mysql://r@host/shop?ssl_disabled=true").arguments["ssl_disabled"] is True
    unchecked = read_address("mysql://r@host/shop?ssl=true").arguments["ssl"]
    assert unchecked.verify_mode == ssl.CERT_NONE
    checked = read_address("mysql://r@host/shop?ssl_verify_cert=true").arguments["ssl"]
    assert (checked.verify_mode, checked.check_hostname) == (ssl.CERT_REQUIRED, False)
    named = read_address("mysql://r@host/shop?ssl_verify_identity=true").arguments["ssl"]
    assert (named.verify_mode, named.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_a_file_that_is_no_certificate_is_named(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_bytes(b"\x00\xff")
    with pytest.raises(SetupError, match="cannot be used"):
        read_address(f"mysql://r@host/shop?ssl_ca={file}")


def test_an_engine_opens_nothing_before_its_first_call() -> None:
    engine = MysqlEngine(Database("shop", "mysql://reader@host.invalid/shop"))
    assert engine.dialect == "mysql"
    assert engine.home == "shop"
    assert engine.stamp() is None
    assert engine.quoted("a`b.c") == "`a``b.c`"
    engine.close()
