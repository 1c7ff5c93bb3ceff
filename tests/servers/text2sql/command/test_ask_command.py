import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from tao.errors import ConfigError, ModelError
from tao_servers.text2sql.answering.outcome import Outcome
from tao_servers.text2sql.command import run
from tao_servers.text2sql.command.asking import Asking, Notify, ask, concluded
from tao_servers.text2sql.errors import QueryFailed
from tao_servers.text2sql.limits import Limits
from tao_servers.text2sql.tools import Databases
from tests.support.asked_outcomes import Asked
from tests.support.endpoint import scripted_endpoint
from tests.support.sql_server import database_at

CITIES = "SELECT city, count(*) AS n FROM customers GROUP BY city ORDER BY n DESC LIMIT 3"
ORDERS = "SELECT id, status FROM orders ORDER BY id"
SLOW = (
    "SELECT count(*) FROM orders AS a JOIN orders AS b ON a.id < b.id"
    " JOIN orders AS c ON b.id < c.id WHERE c.id <= 200"
)


@pytest.fixture
def asked(shop: Path) -> Iterator[Asked]:
    with Asked(shop) as opened:
        yield opened


def ended(
    shop: Path,
    came: Outcome | BaseException,
    *,
    path: Path | None = None,
    as_json: bool = False,
    timeout: float = 10.0,
) -> Result:
    """How the command ends when this comes of its question."""

    async def answered(notify: Notify) -> Outcome:
        notify("writing SQL")
        if isinstance(came, BaseException):
            raise came
        return came

    @click.command()
    def command() -> None:
        with Databases([database_at(shop, limits=Limits(timeout=timeout))]) as databases:
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


@pytest.mark.parametrize("as_json", [False, True])
def test_a_csv_file_that_cannot_be_written_leaves_the_answer(
    shop: Path, asked: Asked, tmp_path: Path, as_json: bool
) -> None:
    outcome = asked.outcome("how many orders", "SELECT count(*) FROM orders")
    result = ended(shop, outcome, path=tmp_path / "gone" / "x.csv", as_json=as_json)
    assert result.exit_code == 3
    assert "5432" in result.stdout
    assert "x.csv could not be written: No such file or directory. Name another file" in result.stderr


def test_reading_all_rows_in_vain_leaves_the_answer(shop: Path, asked: Asked, tmp_path: Path) -> None:
    path = tmp_path / "slow.csv"
    result = ended(shop, asked.outcome("how many orders", SLOW), path=path, timeout=0.001)
    assert result.exit_code == 3
    assert ": 1313400 " in result.stdout
    assert "slow.csv was not written, since reading all rows failed: " in result.stderr
    assert "stopped after 0.001 s" in result.stderr
    assert not path.exists()


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


def through_the_group(writes: str, *options: str, ask: Sequence[str]) -> tuple[Result, str]:
    """What the whole command says when the model writes this, and what the model was asked first."""
    with scripted_endpoint(writes) as endpoint:
        model = ["--model", "told", "--base-url", endpoint.base_url]
        result = CliRunner().invoke(run, [*options, "ask", "all orders", *model, *ask])
    return result, json.dumps(endpoint.requests[0], ensure_ascii=False)


def test_the_limit_on_rows_goes_for_a_database_that_is_named_after_the_question(shop: Path) -> None:
    result, _ = through_the_group(ORDERS, "--max-rows", "7", ask=["--db", str(shop), "--json"])
    told = json.loads(result.stdout)
    assert (len(told["rows"]), told["truncated"]) == (7, True)


def test_the_advice_beside_a_cut_result_holds_for_such_a_database(shop: Path) -> None:
    cut, _ = through_the_group(ORDERS, ask=["--db", str(shop)])
    assert "Only the first 100 rows are here" in cut.stdout
    assert "`tao-text2sql --max-rows N ask ...`" in cut.stdout
    more, _ = through_the_group(ORDERS, "--max-rows", "120", ask=["--db", str(shop)])
    assert len(more.stdout.splitlines()) == len(cut.stdout.splitlines()) + 20


def test_the_time_limit_goes_for_a_database_that_is_named_after_the_question(shop: Path) -> None:
    result, _ = through_the_group(SLOW, "--timeout", "0.001", ask=["--db", str(shop)])
    assert result.exit_code in {1, 3}
    assert "0.001 s" in " ".join(result.output.split())


@pytest.mark.parametrize("known", [(), ("odd",), ("odd", "other")])
def test_comments_go_for_the_database_that_is_named_after_the_question(
    shop: Path, odd: Path, tmp_path: Path, known: Sequence[str]
) -> None:
    comments = tmp_path / "own.yaml"
    comments.write_text("tables:\n  orders:\n    comment: Everything bought\n", encoding="utf-8")
    given = [word for name in known for word in ("--database", f"{name}={odd}")]
    result, request = through_the_group(ORDERS, *given, "--comments", str(comments), ask=["--db", str(shop)])
    assert result.exit_code == 0, result.output
    assert "Everything bought" in request


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["  ", "--model", "local"], "The question is empty"),
        (["how many", "--model", "local"], "--db PATH_OR_URL"),
        (["how many", "--model", "local", "--db", ""], "is empty"),
        (["how many", "--model", "local", "--db", "postgresql://u:secret@h/d"], "Leave the password out"),
        (["how many", "--as-of", "yesterday"], "--as-of"),
        (["how many", "--csv", "nowhere/x.csv"], "There is no folder"),
        (["how many", "--csv", "x" * 300], "File name too long"),
        ([], "Missing argument 'QUESTION'"),
    ],
)
def test_wrong_options_say_what_to_do(arguments: list[str], said: str) -> None:
    result = invoked(*arguments)
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())
    assert "secret" not in result.output


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="to an administrator every folder is open"
)
def test_a_folder_that_is_closed_is_told_before_a_model_is_asked(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    result = invoked("how many", "--model", "local", "--csv", str(tmp_path / "x.csv"))
    tmp_path.chmod(0o700)
    assert result.exit_code == 2
    assert "Nothing may be written to the folder" in " ".join(result.output.split())


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
