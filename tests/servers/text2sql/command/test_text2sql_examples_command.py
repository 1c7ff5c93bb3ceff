import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tao_servers.text2sql.command.examples import examples
from tao_servers.text2sql.command.group import run
from tao_servers.text2sql.tools import Databases
from tests.support.sql_server import database_at

COUNT = "SELECT count(*) FROM orders"


def told(*arguments: str, paths: tuple[Path, ...] = ()) -> Result:
    with Databases([database_at(path) for path in paths]) as databases:
        return CliRunner().invoke(examples, arguments, obj=databases)


def listed(*arguments: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(told("list", "--json", *arguments).stdout)
    return found


def test_a_pair_that_runs_is_kept_listed_and_removed(shop: Path) -> None:
    added = told("add", "有多少订单？", f"{COUNT}; -- all", paths=(shop,))
    assert (added.exit_code, added.stdout) == (0, "")
    assert "added to shop: 有多少订单？ (1 row)" in added.stderr
    assert listed() == [{"database": "shop", "question": "有多少订单？", "sql": COUNT}]
    assert told("list").stdout == f"shop: 有多少订单？\n    {COUNT}\n"
    again = told("add", "有多少订单", COUNT, paths=(shop,))
    assert again.exit_code == 0
    assert "there already in shop" in again.stderr
    removed = told("remove", "有多少订单", paths=(shop,))
    assert (removed.exit_code, listed()) == (0, [])
    assert told("remove", "有多少订单", paths=(shop,)).exit_code == 1


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("DELETE FROM orders", "SELECT"),
        ("SELECT nothing FROM orders", "nothing"),
        ("SELECT * FROM nowhere", "nowhere"),
        ("SELECT 1; SELECT 2", "one"),
        ("EXPLAIN QUERY PLAN SELECT 1", "must be a SELECT"),
        (" ", ""),
    ],
)
def test_what_is_refused_is_told_with_the_reason_and_not_kept(shop: Path, sql: str, reason: str) -> None:
    outcome = told("add", "a question", sql, paths=(shop,))
    assert outcome.exit_code == 1
    assert "refused: a question: " in outcome.stderr
    assert reason in outcome.stderr
    assert listed() == []


def test_a_statement_without_rows_is_kept_with_a_remark(shop: Path) -> None:
    outcome = told("add", "no such orders", "SELECT id FROM orders WHERE id < 0", paths=(shop,))
    assert outcome.exit_code == 0
    assert "mind: it gave no row" in outcome.stderr


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_csv_file_of_any_usual_encoding_is_taken_in(shop: Path, tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "pairs.csv"
    file.write_text(
        f"id,Question,SQL\n1,有多少订单？,{COUNT}\n"
        '2,有多少客户？,"SELECT count(*)\nFROM customers"\n3,坏的,SELECT x\n4\n',
        encoding=encoding,
    )
    outcome = told("add", "--file", str(file), paths=(shop,))
    assert outcome.exit_code == 1
    assert [one["question"] for one in listed()] == ["有多少订单？", "有多少客户？"]
    assert "pairs.csv:5: refused: 坏的" in outcome.stderr
    assert "pairs.csv:6: refused: The row has 1 of 3 columns." in outcome.stderr
    assert "Examples of shop: 2 of 4 kept, 2 refused." in outcome.stderr


def test_json_lines_are_taken_in_and_broken_ones_told(shop: Path, tmp_path: Path) -> None:
    file = tmp_path / "pairs.jsonl"
    good = json.dumps({"question": "有多少订单？", "sql": COUNT, "source": "us"}, ensure_ascii=False)
    file.write_text(f'{good}\n\n{{"question": 3}}\nnot json\n{"[" * 5_000}\n', encoding="utf-8")
    outcome = told("add", "--file", str(file), paths=(shop,))
    assert outcome.exit_code == 1
    assert [f"pairs.jsonl:{line}: refused" in outcome.stderr for line in (1, 3, 4, 5)] == [
        False,
        True,
        True,
        True,
    ]
    assert [one["sql"] for one in listed()] == [COUNT]


def test_a_file_of_good_pairs_ends_well(shop: Path, tmp_path: Path) -> None:
    file = tmp_path / "pairs.jsonl"
    file.write_text(json.dumps({"question": "q", "sql": COUNT}), encoding="utf-8")
    assert told("add", "--file", str(file), paths=(shop,)).exit_code == 0


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("pairs.csv", b"frage,sql\na,b\n", "question and sql"),
        ("pairs.csv", b"", "question and sql"),
        ("pairs.csv", b"question,sql\n", "no pair"),
        ("pairs.jsonl", b"\n\n", "no pair"),
        ("pairs.jsonl", b"SQLite format 3\x00\xff", "no text"),
    ],
)
def test_a_file_without_pairs_says_what_is_wrong(
    shop: Path, tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    outcome = told("add", "--file", str(tmp_path / name), paths=(shop,))
    assert outcome.exit_code == 1
    assert said in outcome.stderr


@pytest.mark.parametrize(
    "arguments",
    [["add"], ["add", "only a question"], ["add", "--file", "gone.csv"], ["remove"], ["list", "-x"]],
)
def test_wrong_arguments_are_usage_errors(shop: Path, arguments: list[str]) -> None:
    assert told(*arguments, paths=(shop,)).exit_code == 2


def test_a_question_beside_a_file_is_a_usage_error(shop: Path, tmp_path: Path) -> None:
    file = tmp_path / "pairs.jsonl"
    file.write_text("{}", encoding="utf-8")
    assert told("add", "q", "SELECT 1", "--file", str(file), paths=(shop,)).exit_code == 2


def test_the_database_is_the_only_one_or_named(shop: Path, odd: Path) -> None:
    unnamed = told("add", "q", COUNT, paths=(shop, odd))
    assert unnamed.exit_code == 2
    assert "Say which database: shop, odd" in unnamed.stderr
    assert told("add", "q", COUNT, "--database-name", "shop", paths=(shop, odd)).exit_code == 0
    wrong = told("add", "q", COUNT, "--database-name", "shpo", paths=(shop,))
    assert wrong.exit_code == 2
    assert "there is only 'shop'" in wrong.stderr
    assert told("add", "q", COUNT).exit_code == 2
    assert listed("--database-name", "odd") == []
    assert len(listed("--database-name", "shop")) == 1


def test_the_databases_given_are_those_whose_examples_are_listed(shop: Path, odd: Path) -> None:
    told("add", "q", COUNT, paths=(shop,))
    for path, count in ((shop, 1), (odd, 0)):
        given = CliRunner().invoke(run, ["--database", str(path), "examples", "list", "--json"])
        assert len(json.loads(given.stdout)) == count


def test_examples_of_a_database_that_is_gone_can_be_removed(shop: Path) -> None:
    told("add", "q", COUNT, paths=(shop,))
    assert told("remove", "q", "--database-name", "shop").exit_code == 0


def test_a_database_that_cannot_be_read_is_told_once(tmp_path: Path) -> None:
    file = tmp_path / "pairs.jsonl"
    file.write_text('{"question": "q", "sql": "SELECT 1"}\n' * 3, encoding="utf-8")
    outcome = told("add", "--file", str(file), paths=(tmp_path / "gone.sqlite",))
    assert outcome.exit_code == 1
    assert outcome.stderr.count("does not exist") == 1
