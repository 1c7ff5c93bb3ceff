"""PostgreSQL: what goes wrong before there is a connection."""

import socket

import pytest

from tao_servers.text2sql.database import Database
from tao_servers.text2sql.engines.postgres import PostgresEngine
from tao_servers.text2sql.errors import QueryFailed, SetupError
from tao_servers.text2sql.limits import Limits
from tao_servers.text2sql.stopping import Stop

pytest.importorskip("psycopg")
pytest.importorskip("sqlalchemy")


def _engine(address: str) -> PostgresEngine:
    return PostgresEngine(Database("shop", address))


def _closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("", "cannot be read"),
        ("postgresql", "cannot be read"),
        ("postgresql://reader:s3cret@host:port/shop", "cannot be read"),
        ("postgresql+asyncpg://reader:s3cret@host/shop", "begins with 'postgresql.asyncpg'"),
        ("mysql://reader:s3cret@host/shop", "begins with 'mysql'"),
        ("postgresql://reader:s3cret@127.0.0.1/shop?sslmod=require", "wrong parameter.*sslmod"),
        ("postgresql://reader:s3cret@127.0.0.1/shop?connect_timeout=soon", "connect_timeout|soon"),
    ],
)
def test_a_wrong_url_is_told_without_its_password(address: str, told: str) -> None:
    with pytest.raises(SetupError, match=told) as caught:
        _engine(address).prove()
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_a_server_that_is_not_there_is_told(scheme: str) -> None:
    engine = _engine(f"{scheme}://reader:s3cret@127.0.0.1:{_closed_port()}/shop")
    with pytest.raises(SetupError, match="cannot be reached") as caught:
        engine.prove()
    assert "s3cret" not in str(caught.value)
    with pytest.raises(SetupError, match="cannot be reached"):
        engine.tables(Stop())
    with pytest.raises(QueryFailed, match="cannot be reached"):
        engine.run("SELECT 1", Limits(), Stop())
    with pytest.raises(QueryFailed, match="cannot be reached"):
        engine.expected_rows("SELECT 1", Stop())


def test_a_server_that_is_no_postgresql_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        # Nobody answers: libpq gives up after its time to connect.
        engine = _engine(f"postgresql://reader@127.0.0.1:{port}/shop?connect_timeout=2")
        with pytest.raises(SetupError, match="cannot be reached"):
            engine.prove()


def test_an_engine_that_was_never_used_can_be_closed() -> None:
    engine = _engine("postgresql://reader@127.0.0.1/shop")
    engine.close()
    engine.close()


def test_names_are_quoted() -> None:
    assert _engine("postgresql:///").quoted('订单 "x".y') == '"订单 ""x"".y"'
