"""`tao-text2sql eval`, without a model and with one that is told what to say."""

import json
from collections.abc import Callable
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


def test_what_was_measured_before_the_model_went_away_is_kept(dataset: Path) -> None:
    asked: list[str] = []

    def says(question: str) -> Outcome:
        asked.append(question)
        if len(asked) > 1:
            raise ModelError("The model is gone.")
        return an_outcome(question, "SELECT 3")

    told = _evaluated(dataset, says).as_json()
    assert (told["questions"], told["pooled"]["n"], told["failure"]) == (3, 3, None)
    json.dumps(told)
