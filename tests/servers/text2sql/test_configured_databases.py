import pytest

from tao.settings import Text2sqlSettings
from tao_servers.text2sql.configured import configured, named
from tao_servers.text2sql.database import Database
from tao_servers.text2sql.engines import open_engine
from tao_servers.text2sql.errors import SetupError
from tao_servers.text2sql.source import Source


def one(entry: dict[str, object], **environ: str) -> Database:
    settings = Text2sqlSettings.model_validate({"max_rows": 7, "timeout": 3, "databases": {"x": entry}})
    return configured(settings, environ)[0]


def test_a_database_has_its_own_limits_or_those_of_all() -> None:
    assert one({"path": "x.sqlite"}).limits.max_rows == 7
    limits = one({"path": "x.sqlite", "max_rows": 2, "timeout": 1, "max_scan": 10}).limits
    assert (limits.max_rows, limits.timeout, limits.max_scan) == (2, 1, 10)


def test_a_password_comes_from_the_environment_and_is_shown_nowhere() -> None:
    entry: dict[str, object] = {
        "url": "postgresql://reader@db.lan:5433/shop?sslmode=require",
        "password_env": "PW",
    }
    database = one(entry, PW="a/b@c:d%")
    assert database.address == "postgresql://reader:a%2Fb%40c%3Ad%25@db.lan:5433/shop?sslmode=require"
    assert "a%2Fb" not in repr(database)


def test_a_whole_url_comes_from_the_environment() -> None:
    assert one({"url_env": "DATABASE_URL"}, DATABASE_URL="mysql://u:p@h/d").address == "mysql://u:p@h/d"


@pytest.mark.parametrize("entry", [{"url_env": "GONE"}, {"url": "mysql://u@h/d", "password_env": "GONE"}])
def test_a_variable_that_is_not_set_is_named(entry: dict[str, object]) -> None:
    problem = one(entry).problem or ""
    assert "GONE that [text2sql.databases.x] names is not set" in problem
    with pytest.raises(SetupError, match="GONE"):
        Source(one(entry)).schema()


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({}, "give one of `path`, `url` and `url_env`"),
        ({"path": "a", "url": "sqlite:///a"}, "give one of"),
        ({"url": "postgresql://u:secret@h/d"}, "leave the password out of `url`"),
    ],
)
def test_a_wrong_entry_is_refused(entry: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said) as refused:
        one(entry)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("given", "name", "address"),
    [
        ("data/shop.sqlite", "shop", "data/shop.sqlite"),
        ("店=data/shop.sqlite", "店", "data/shop.sqlite"),
        ("postgresql://u@h/sales?sslmode=require", "sales", "postgresql://u@h/sales?sslmode=require"),
        ("pg=postgresql://u@h/sales", "pg", "postgresql://u@h/sales"),
        ("sqlite:////abs/shop.db", "shop", "sqlite:////abs/shop.db"),
        ("data/2025/*.csv", "2025", "data/2025/*.csv"),
        ("*.csv", "database", "*.csv"),
        (".", "database", "."),
    ],
)
def test_an_option_names_a_database_or_is_named_after_it(given: str, name: str, address: str) -> None:
    database = named(given, Text2sqlSettings(max_rows=7))
    assert (database.name, database.address, database.limits.max_rows) == (name, address, 7)


def test_an_option_with_a_password_is_refused_without_repeating_it() -> None:
    with pytest.raises(SetupError, match="Leave the password out") as refused:
        named("postgresql://u:secret@h/d", Text2sqlSettings())
    assert "secret" not in str(refused.value)


def test_a_password_among_the_parameters_of_a_url_is_refused() -> None:
    problem = one({"url": "postgresql://u@h/d?password=secret"}).problem or ""
    assert "Leave the password out of `url`" in problem
    assert "secret" not in problem


def test_limits_beyond_what_servers_and_clocks_take_mean_none() -> None:
    limits = one({"path": "x.sqlite", "max_rows": 10**20, "timeout": float("inf")}).limits
    assert (limits.max_rows, limits.timeout) == (1_000_000, 86_400.0)


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_a_password_that_reads_as_a_host_is_refused_untold(kind: str) -> None:
    with pytest.raises(SetupError, match="two @") as refused:
        open_engine(one({"url_env": "U"}, U=f"{kind}://u:pass@se/cret@h/d?options=a@b"))
    assert "se/cret" not in str(refused.value)


@pytest.mark.parametrize("value", ["postgres//u:secret@h/d", "host=h user=u password=secret"])
def test_a_variable_without_a_url_is_not_taken_for_a_path(value: str) -> None:
    problem = one({"url_env": "U"}, U=value).problem or ""
    assert "holds no URL" in problem
    assert "secret" not in problem
