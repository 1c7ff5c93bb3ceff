import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from tao.errors import ConfigError, ModelError
from tao_servers.text2sql.answering.outcome import Outcome
from tao_servers.text2sql.command.asking import Asking, Notify, ask, concluded
from tao_servers.text2sql.errors import QueryFailed
from tao_servers.text2sql.tools import Databases
from tests.support.asked_outcomes import Asked
from tests.support.sql_server import database_at

CITIES = "SELECT city, count(*) AS n FROM customers GROUP BY city ORDER BY n DESC LIMIT 3"


@pytest.fixture
def asked(shop: Path) -> Iterator[Asked]:
    with Asked(shop) as opened:
        yield opened


def ended(
    shop: Path, came: Outcome | BaseException, *, path: Path | None = None, as_json: bool = False
) -> Result:
    """How the command ends when this comes of its question."""

    async def answered(notify: Notify) -> Outcome:
        notify("writing SQL")
        if isinstance(came, BaseException):
            raise came
        return came

    @click.command()
    def command() -> None:
        with Databases([database_at(shop)]) as databases:
            asking = Asking("?", path, as_json)
            click.get_current_context().exit(concluded(asking, databases.pick(None), answered))

    return CliRunner().invoke(command, [])


def test_an_answer_is_told_with_rows_sql_and_what_it_assumes(shop: Path, asked: Asked) -> None:
    result = ended(shop, asked.outcome("哪三个城市客户最多", (CITIES, 2)))
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].startswith("3 行，每个所在城市的客户数量：上海（120）")
    assert [line.split() for line in lines[2:6]] == [
        ["city", "n"],
        ["上海", "120"],
        ["北京", "105"],
        ["广州", "98"],
    ]
    assert "FROM customers" in lines
    assert "用到的表：customers" in lines
    assert result.stderr == ""


def test_one_value_needs_no_table(shop: Path, asked: Asked) -> None:
    result = ended(shop, asked.outcome("how many orders", "SELECT count(*) FROM orders"))
    assert result.stdout.startswith("Number of orders: 5432.\n\nSELECT\n")


def test_json_is_one_object_with_every_row_that_was_read(shop: Path, asked: Asked) -> None:
    result = ended(shop, asked.outcome("all orders", "SELECT * FROM orders"), as_json=True)
    told = json.loads(result.stdout)
    assert (len(told["rows"]), told["truncated"], told["tables"]) == (100, True, ["orders"])
    assert len(result.stdout.splitlines()) == 1


def test_all_rows_go_into_the_csv_file(shop: Path, asked: Asked, tmp_path: Path) -> None:
    path = tmp_path / "订单.csv"
    outcome = asked.outcome("all orders", "SELECT id, status FROM orders ORDER BY id")
    assert "--csv" in ended(shop, outcome).stdout
    result = ended(shop, outcome, path=path)
    assert result.exit_code == 0
    assert "--csv" not in result.stdout
    raw = path.read_bytes()
    assert raw.startswith(b"id,status\r\n1,")
    assert len(list(csv.reader(raw.decode().splitlines()))) == 5433


def test_a_question_back_and_no_answer_exit_with_1(shop: Path, asked: Asked, tmp_path: Path) -> None:
    back = ended(
        shop, asked.outcome("how many", "SELECT count(*) FROM orders", "SELECT count(*) FROM customers")
    )
    assert back.exit_code == 1
    assert "Do you mean (1) counts orders or (2) counts customers?" in back.stdout
    assert "Other readings:" in back.stdout
    path = tmp_path / "none.csv"
    none = ended(shop, asked.outcome("删掉订单", "DROP TABLE orders"), path=path)
    assert none.exit_code == 1
    assert "没有答案" in none.stdout
    assert not path.exists()


@pytest.mark.parametrize(
    ("failure", "code", "said"),
    [
        (ModelError("The model at http://x does not answer."), 3, "does not answer"),
        (QueryFailed("The database was closed."), 3, "was closed"),
        (ConfigError("There is no embedded model 'x'."), 2, "no embedded model"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_each_failure_has_its_exit_code(shop: Path, failure: BaseException, code: int, said: str) -> None:
    result = ended(shop, failure)
    assert result.exit_code == code
    assert result.stdout == ""
    assert said in result.stderr


def invoked(*arguments: str, databases: Databases | None = None) -> Result:
    with databases or Databases([]) as opened:
        return CliRunner().invoke(ask, arguments, obj=opened)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["  ", "--model", "local"], "The question is empty"),
        (["how many", "--model", "local"], "--db PATH_OR_URL"),
        (["how many", "--model", "local", "--db", ""], "is empty"),
        (["how many", "--model", "local", "--db", "postgresql://u:secret@h/d"], "Leave the password out"),
        (["how many", "--as-of", "yesterday"], "--as-of"),
        (["how many", "--csv", "nowhere/x.csv"], "There is no folder"),
        ([], "Missing argument 'QUESTION'"),
    ],
)
def test_wrong_options_say_what_to_do(arguments: list[str], said: str) -> None:
    result = invoked(*arguments)
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())
    assert "secret" not in result.output


def test_without_a_model_it_says_how_to_set_one(shop: Path) -> None:
    result = invoked("how many", databases=Databases([database_at(shop)]))
    assert result.exit_code == 2
    assert "TAO_MODEL_BASE_URL" in result.output
    assert "--model local" in result.output


def test_several_databases_are_named(shop: Path, odd: Path) -> None:
    databases = Databases([database_at(shop), database_at(odd)])
    result = invoked("how many", "--model", "local", databases=databases)
    assert result.exit_code == 2
    assert "Say which database: shop, odd. Name it with --db." in " ".join(result.output.split())


INTERRUPTED = """
import sys
from pathlib import Path
from tao_servers.text2sql.command.asking import Asking, concluded
from tao_servers.text2sql.limits import Limits
from tao_servers.text2sql.tools import Databases
from tao_servers.text2sql.tools.working import in_thread
from tests.support.sql_server import database_at

SQL = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
with Databases([database_at(Path(sys.argv[1]), limits=Limits(timeout=300.0))]) as databases:
    opened = databases.pick(None)
    async def answered(notify):
        print("running", flush=True)
        await in_thread(lambda stop: opened.source.engine(stop).run(SQL, opened.limits, stop), opened.places)
    sys.exit(concluded(Asking("how many"), opened, answered))
"""


@pytest.mark.real
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT to send")
def test_ctrl_c_stops_the_query_and_exits_with_130(shop: Path, repository: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(shop)],
        stdout=subprocess.PIPE,
        cwd=repository,
        env={**os.environ, "PYTHONPATH": str(repository)},
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"running\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130
    finally:
        process.kill()
        process.communicate()
