from collections.abc import Iterator

import pytest

from tao_servers.text2sql.database import Database
from tao_servers.text2sql.engines.mysql import MysqlEngine
from tao_servers.text2sql.errors import NotReadOnly, SetupError
from tests.support.mariadb_server import MISSING, MariadbServer, has_mariadb, mariadb_server

pytestmark = [pytest.mark.real, pytest.mark.skipif(not has_mariadb(), reason=MISSING)]


@pytest.fixture(scope="module")
def server() -> Iterator[MariadbServer]:
    with mariadb_server() as server:
        server.admin(
            "CREATE DATABASE my_shop",
            "CREATE DATABASE other",
            "CREATE TABLE my_shop.orders (id INT PRIMARY KEY, price INT)",
            "CREATE FUNCTION my_shop.f() RETURNS INT RETURN 1",
            "CREATE ROLE looking",
            "GRANT SELECT ON my_shop.* TO looking",
            "CREATE ROLE inner_role",
            "GRANT DELETE ON my_shop.* TO inner_role",
            "CREATE ROLE outer_role",
            "GRANT inner_role TO outer_role",
        )
        yield server


def _prove(address: str) -> None:
    engine = MysqlEngine(Database("shop", address))
    try:
        engine.prove()
    finally:
        engine.close()


_READING = "GRANT SELECT, SHOW VIEW ON `my_shop`.* TO reader"


@pytest.mark.parametrize(
    "grants",
    [
        (_READING,),
        ("GRANT SELECT ON my_shop.orders TO reader",),
        ("GRANT SELECT (id) ON my_shop.orders TO reader",),
        ("GRANT SELECT, PROCESS, SHOW DATABASES, BINLOG MONITOR ON *.* TO reader",),
        ("GRANT looking TO reader", "SET DEFAULT ROLE looking FOR reader"),
        (_READING, "GRANT looking TO reader"),
    ],
)
def test_an_account_that_may_only_read_is_accepted(server: MariadbServer, grants: tuple[str, ...]) -> None:
    address = server.reader("my_shop", *grants)
    _prove(address)


@pytest.mark.parametrize(
    ("grants", "seen"),
    [
        (("GRANT ALL ON my_shop.* TO reader",), "ALL PRIVILEGES on `my_shop`.*"),
        (("GRANT INSERT ON my_shop.orders TO reader",), "INSERT on `my_shop`.`orders`"),
        (("GRANT UPDATE (price) ON my_shop.orders TO reader",), "UPDATE (`price`) on"),
        (("GRANT DELETE ON other.* TO reader",), "DELETE on `other`.*"),
        (("GRANT FILE ON *.* TO reader",), "FILE on *.*"),
        (("GRANT SUPER ON *.* TO reader",), "SUPER on *.*"),
        (("GRANT EXECUTE ON FUNCTION my_shop.f TO reader",), "EXECUTE on FUNCTION"),
        (("GRANT CREATE TEMPORARY TABLES ON my_shop.* TO reader",), "CREATE TEMPORARY TABLES"),
        (("GRANT LOCK TABLES ON my_shop.* TO reader",), "LOCK TABLES"),
        (("GRANT SELECT ON my_shop.* TO reader WITH GRANT OPTION",), "GRANT OPTION"),
        (("GRANT PROXY ON 'root'@'localhost' TO reader",), "PROXY"),
        # Not even taken on, and one inside another.
        (("GRANT outer_role TO reader",), "DELETE on `my_shop`.*"),
        (("GRANT outer_role TO reader", "SET DEFAULT ROLE outer_role FOR reader"), "DELETE on `my_shop`.*"),
    ],
)
def test_an_account_that_may_do_more_is_refused_with_the_remedy(
    server: MariadbServer, grants: tuple[str, ...], seen: str
) -> None:
    address = server.reader("my_shop", _READING, *grants)
    with pytest.raises(NotReadOnly) as caught:
        _prove(address)
    assert seen in str(caught.value)
    assert "GRANT SELECT, SHOW VIEW ON `my\\_shop`.* TO 'tao_reader'@'%';" in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_the_remedy_does_what_it_says(server: MariadbServer) -> None:
    address = server.reader("my_shop", "GRANT ALL ON my_shop.* TO reader")
    with pytest.raises(NotReadOnly) as caught:
        _prove(address)
    statements = str(caught.value).split("into the address: ")[1].replace("'...'", "'geheim'").split("; ")
    server.admin("DROP USER IF EXISTS tao_reader", *statements)
    _prove(server.url("my_shop", user="tao_reader", password="geheim"))


def test_the_administrator_is_refused(server: MariadbServer) -> None:
    with pytest.raises(NotReadOnly, match="ALL PRIVILEGES"):
        _prove(server.url("my_shop"))


def test_what_everybody_may_counts(server: MariadbServer) -> None:
    address = server.reader("my_shop")
    server.admin("GRANT INSERT ON other.* TO PUBLIC")
    try:
        with pytest.raises(NotReadOnly, match=r"REVOKE INSERT ON `other`\.\* FROM PUBLIC;"):
            _prove(address)
    finally:
        server.admin("REVOKE INSERT ON other.* FROM PUBLIC")
    _prove(address)


def test_rights_that_show_grants_keeps_silent_about_are_found_by_trying(server: MariadbServer) -> None:
    address = server.reader("my_shop")
    entry = "Host = '%', Db = 'other', User = '', Select_priv = 'Y', Delete_priv = 'Y'"
    server.admin(f"INSERT INTO mysql.db SET {entry}", "FLUSH PRIVILEGES")
    try:
        with pytest.raises(NotReadOnly, match=r"DELETE on `other`\.\*"):
            _prove(address)
    finally:
        server.admin("DELETE FROM mysql.db WHERE User = ''", "FLUSH PRIVILEGES")


def test_a_read_only_server_is_no_proof(server: MariadbServer) -> None:
    address = server.reader("my_shop", "GRANT SELECT, INSERT ON my_shop.* TO reader")
    server.admin("SET GLOBAL read_only = ON")
    try:
        with pytest.raises(NotReadOnly, match="INSERT"):
            _prove(address)
        _prove(server.reader("my_shop"))
    finally:
        server.admin("SET GLOBAL read_only = OFF")


def test_proving_leaves_nothing_behind(server: MariadbServer) -> None:
    address = server.reader("my_shop", _READING, "GRANT outer_role TO reader")
    with pytest.raises(NotReadOnly):
        _prove(address)
    assert server.wait_until_idle() == []
    assert [row[0] for row in server.admin("SHOW TABLES", database="my_shop")] == ["orders"]
    assert server.admin("SHOW TABLES", database="other") == []


def test_a_database_that_cannot_be_opened_says_why(server: MariadbServer) -> None:
    good = server.reader("my_shop")
    cases = {
        good.replace("geheim", "falsch"): "Check the user and the password",
        good.replace("/my_shop", "/gone"): r"Unknown database|Access denied",
        server.reader("my_shop", "GRANT USAGE ON *.* TO nobody", user="nobody"): "GRANT SELECT",
        "mysql://reader:geheim@127.0.0.1:1/my_shop": "Check host and port",
        "mysql://reader:geheim@host.invalid/my_shop": "Check host and port",
        "mysql://reader:geheim@localhost/my_shop?unix_socket=/nowhere/s": "Check host and port",
        f"mysql://reader:geheim@127.0.0.1:{server.port}/my_shop?ssl=true": "SSL",
    }
    for address, seen in cases.items():
        with pytest.raises(SetupError, match=seen) as caught:
            _prove(address)
        assert "geheim" not in str(caught.value)
