"""`tao-text2sql eval`, without a model and with one that is told what to say."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import anyio
import pytest
from click.testing import CliRunner, Result

from tao.errors import ModelError
from tao_servers.text2sql.answering.outcome import Outcome
from tao_servers.text2sql.command.evaluating import evaluate, evaluated
from tao_servers.text2sql.evaluating.dataset import read_datasets
from tao_servers.text2sql.evaluating.evaluation import Evaluation
from tao_servers.text2sql.evaluating.referee import Referee
from tests.support.endpoint import GONE, HANG, Endpoint, scripted_endpoint
from tests.support.text2sql_sets import ToldAnswerer, a_text2sql_set, an_outcome


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(evaluate, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture
def dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return a_text2sql_set(tmp_path / "zoo_set")


def test_without_a_model_it_says_how_to_set_one(dataset: Path) -> None:
    result = run(dataset)
    assert result.exit_code == 2
    assert "TAO_MODEL_BASE_URL" in result.stderr
    assert "--model" in result.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["nowhere"], "There is no folder 'nowhere'"),
        (["."], "asks the database 'moon'"),
        (["zoo_set", "--limit", "0"], "Invalid value"),
        (["zoo_set", "--failures", "nowhere/f.jsonl"], "No such file or directory"),
        (["zoo_set/databases"], "no folder in it has one"),
    ],
)
def test_wrong_options_and_sets_are_told_before_a_model_is_opened(
    dataset: Path, tmp_path: Path, options: list[str], said: str
) -> None:
    record = {"id": "q", "db_id": "moon", "question_en": "?", "gold_sql": ["SELECT 1"]}
    a_text2sql_set(tmp_path / "another", [record])
    result = run(*options, "--model", "local")
    assert (result.exit_code, said in result.stderr) == (2, True), result.stderr


def test_a_set_of_which_no_gold_statement_runs_is_told(tmp_path: Path) -> None:
    record = {"id": "q", "db_id": "zoo", "question_en": "?", "gold_sql": ["SELECT gone"]}
    result = run(a_text2sql_set(tmp_path / "own", [record]), "--model", "local")
    assert result.exit_code == 2
    assert "Left out, since no gold statement of theirs runs: 1 of 1 questions, such as 'q'" in result.stderr
    assert "has no question with a gold statement that runs" in result.stderr


def _evaluated(folder: Path, says: Callable[[str], Outcome]) -> Evaluation:
    evaluation = Evaluation(read_datasets(folder), [], model="told")
    answerer = ToldAnswerer(says)
    try:
        anyio.run(evaluated, evaluation, Referee(), lambda database: answerer, 1, lambda trial: None)
    except ModelError as exc:
        evaluation.failure = str(exc)
    return evaluation


def test_what_was_measured_is_shown_as_tables(dataset: Path, tmp_path: Path) -> None:
    evaluation = _evaluated(dataset, lambda question: an_outcome(question, "SELECT count(*) FROM animals"))
    with (tmp_path / "out.txt").open("w+", encoding="utf-8") as stream:
        evaluation.write(stream)
        stream.seek(0)
        lines = stream.read().splitlines()
    assert lines[0].split() == ["set", "questions", "EX", "95", "%", "interval", "seconds", "tokens"]
    assert lines[1].startswith("zoo_set:en  2          0.500  0.095 to 0.905")
    assert lines[2].startswith("zoo_set:zh  1          1.000")
    assert lines[3].startswith("all         3          0.667")
    assert lines[-1].split() == ["other", "result", "1"]


def test_what_was_measured_before_the_model_went_away_is_kept(tmp_path: Path) -> None:
    asked: list[str] = []

    def says(question: str) -> Outcome:
        asked.append(question)
        if len(asked) > 1:
            raise ModelError("The model is gone.")
        return an_outcome(question, "SELECT 3")

    evaluation = _evaluated(_counting(tmp_path / "five", 5), says)
    assert [(trial.item.id, trial.right) for trial in evaluation.trials] == [("0", True)]
    told = evaluation.as_json()
    assert (told["questions"], told["pooled"]["n"]) == (5, 1)
    assert told["failure"] == "The model is gone."


def _counting(folder: Path, count: int, *, databases: Sequence[str] = ("zoo",)) -> Path:
    """A set with so many questions, whose right answer is 3, about one database after another."""
    records = [
        {
            "id": str(number),
            "db_id": databases[number * len(databases) // count],
            "question_en": f"How many animals are there, part {number}?",
            "gold_sql": "SELECT count(*) FROM animals",
        }
        for number in range(count)
    ]
    return a_text2sql_set(folder, records, databases=databases)


RIGHT, WRONG = "SELECT count(*) FROM animals", "SELECT name FROM animals"


def answered(folder: Path, *options: str | Path, replies: Sequence[str]) -> tuple[Result, Endpoint]:
    """What the command says when an endpoint gives these replies, the last one again and again."""
    with scripted_endpoint(*replies) as endpoint:
        model = ["--model", "told", "--base-url", endpoint.base_url, "--parallel", "1"]
        return run(folder, *model, *options), endpoint


def test_a_measurement_tells_tables_and_exits_with_0(dataset: Path) -> None:
    result, _ = answered(dataset, replies=[RIGHT])
    assert result.exit_code == 0
    lines = [line.split() for line in result.stdout.splitlines()]
    assert [line[:3] for line in lines[1:4]] == [
        ["zoo_set:en", "2", "0.500"], ["zoo_set:zh", "1", "1.000"], ["all", "3", "0.667"]
    ]  # fmt: skip
    assert result.stderr == "Asked 3 of 3 questions, answered by 'told'.\n"


def test_json_is_one_object_and_failures_are_lines_of_a_file(dataset: Path, tmp_path: Path) -> None:
    path = tmp_path / "failures.jsonl"
    result, _ = answered(dataset, "--json", "--failures", path, replies=[RIGHT])
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 1
    told = json.loads(result.stdout)
    assert (told["model"], told["options"], told["pooled"]["right"]) == ("told", "default", 2)
    assert (told["interrupted"], told["failure"], told["left_out"]) == (False, None, [])
    (line,) = path.read_text(encoding="utf-8").splitlines()
    failed = json.loads(line)
    assert (failed["id"], failed["written"], failed["failure"]) == ("heaviest", RIGHT, "other result")


def test_plain_asks_once_and_shows_nothing_but_the_schema(dataset: Path) -> None:
    plain, once = answered(dataset, "--plain", "--json", "--limit", "1", replies=["SELECT gone"])
    told = json.loads(plain.stdout)
    assert (told["options"], told["pooled"]["n"], told["pooled"]["requests"]) == ("plain", 2, 1)
    whole, often = answered(dataset, "--json", "--limit", "1", replies=["SELECT gone"])
    assert json.loads(whole.stdout)["pooled"]["requests"] > 1
    prompts = [json.dumps(endpoint.requests[0]["messages"]) for endpoint in (once, often)]
    assert all("animals" in prompt for prompt in prompts)
    assert 2 * len(prompts[0]) < len(prompts[1])


def test_a_model_that_goes_away_exits_with_3_and_tells_what_was_measured(tmp_path: Path) -> None:
    folder, path = _counting(tmp_path / "five", 5), tmp_path / "failures.jsonl"
    replies = [WRONG, GONE]
    result, _ = answered(folder, "--plain", "--json", "--failures", path, replies=replies)
    assert result.exit_code == 3
    told = json.loads(result.stdout)
    assert (told["questions"], told["pooled"]["n"]) == (5, 1)
    assert "HTTP 400" in told["failure"]
    assert "Asked 1 of 5 questions" in result.stderr
    assert "Error: The model stopped answering: " in result.stderr
    assert len(path.read_text(encoding="utf-8").splitlines()) == 1


def test_a_database_that_cannot_be_read_exits_with_3_and_tells_what_was_measured(tmp_path: Path) -> None:
    folder = _counting(tmp_path / "four", 4, databases=("a_zoo", "b_zoo"))
    (folder / "databases" / "b_zoo.yaml").write_text("no comments at all", encoding="utf-8")
    result, _ = answered(folder, "--plain", replies=[RIGHT])
    assert result.exit_code == 3
    assert result.stdout.splitlines()[1].startswith("four:en  2          1.000")
    assert "Asked 2 of 4 questions" in result.stderr
    assert "Error: " in result.stderr
    assert "b_zoo.yaml" in result.stderr


@pytest.mark.real
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT to send")
def test_ctrl_c_exits_with_130_and_tells_what_was_measured(tmp_path: Path, repository: Path) -> None:
    folder = _counting(tmp_path / "five", 5)
    with scripted_endpoint(RIGHT, HANG) as endpoint:
        command = [sys.executable, "-m", "tao_servers.text2sql", "eval", str(folder), "--plain", "--json"]
        model = ["--model", "told", "--base-url", endpoint.base_url, "--parallel", "1"]
        with subprocess.Popen([*command, *model], stdout=subprocess.PIPE, cwd=repository) as process:
            try:
                assert endpoint.wait_for(2)
                process.send_signal(signal.SIGINT)
                out, _ = process.communicate(timeout=60)
            finally:
                process.kill()
    assert process.returncode == 130
    told = json.loads(out)
    assert (told["interrupted"], told["questions"], told["pooled"]["right"]) == (True, 5, 1)
