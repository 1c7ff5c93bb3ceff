"""The file of records, and the command that judges it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tao_servers.knowledge.command import cli
from tao_servers.knowledge.evaluating.answers import Record, RecordError, read_records
from tests.support.endpoint import HANG, scripted_endpoint

STATEMENTS = json.dumps({"statements": ["Leave is 15 days."]})
VERDICT = json.dumps({"1": {"reason": "stands there", "verdict": 1}})


def line(**values: Any) -> bytes:
    return json.dumps(values, ensure_ascii=False).encode() + b"\n"


def read(*lines: bytes) -> list[Record]:
    return read_records(lines, "a.jsonl")


GOOD = line(question="How much leave?", answer="15 days.", contexts=["Leave: 15 days."], reference="15 days")


def test_records_are_read_line_by_line() -> None:
    records = read(b"\xef\xbb\xbf" + GOOD, b"\r\n", line(question="几天？", answer="", contexts=None))
    assert records == [
        Record("How much leave?", "15 days.", ("Leave: 15 days.",), "15 days"),
        Record("几天？", ""),
    ]


def test_empty_contexts_and_references_are_none() -> None:
    (record,) = read(line(question="q", answer="a", contexts=["", " "], reference=""))
    assert (record.contexts, bool(record.reference)) == ((), False)


def test_an_answer_of_the_agent_is_a_record_with_its_citations() -> None:
    citation = {"observation": "1", "tool": "t", "source": "价格表.txt:12", "text": "皮鞋: 399元"}
    answer = {"type": "answer", "question": "皮鞋多少钱", "text": "399元", "citations": [citation, citation]}
    assert read(line(**answer)) == [Record("皮鞋多少钱", "399元", ("皮鞋: 399元",), cited=True)]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (b"not json\n", "no JSON"),
        (b"[1, 2]\n", "a list"),
        (b"null\n", "null"),
        (b"\x00\x01\xff\xfe", "not UTF-8"),
        ("问题".encode("gbk"), "not UTF-8"),
        (b"[" * 100_000, "no JSON"),
        (line(question="q"), "no 'answer'"),
        (line(answer="a"), "no 'question'"),
        (line(question=" ", answer="a"), "'question' is empty"),
        (line(question=5, answer="a"), "'question' is a number"),
        (line(question="q", answer=["a"]), "'answer' is a list"),
        (line(question="q", answer="a", contexts="c"), "'contexts' is a text"),
        (line(question="q", answer="a", contexts=[{"text": "c"}]), "'contexts' is an object"),
        (line(question="q", answer="a", reference=7), "'reference' is a number"),
        (line(type="answer", question="q", text="a", citations=[5]), "list of objects"),
    ],
)
def test_a_wrong_line_is_named(wrong: bytes, reason: str) -> None:
    with pytest.raises(RecordError, match=reason) as caught:
        read(GOOD, wrong)
    assert str(caught.value).startswith("a.jsonl:2: ")


def test_a_file_without_records_is_refused() -> None:
    with pytest.raises(RecordError, match="no records"):
        read(b"\n", b"  \n")


def test_half_a_pair_of_surrogates_is_replaced() -> None:
    (record,) = read(b'{"question": "q\\ud800", "answer": "a"}')
    assert record.question.encode("utf-8") == b"q?"


def file_of(folder: Path, *lines: bytes) -> Path:
    path = folder / "answers.jsonl"
    path.write_bytes(b"".join(lines))
    return path


def run(*arguments: str | Path, given: bytes = b"", env: dict[str, str] | None = None) -> Result:
    names = [str(argument) for argument in arguments]
    return CliRunner().invoke(cli, ["judge", *names], input=given, env=env)


def model_at(base_url: str, name: str = "qwen3-32b") -> dict[str, str]:
    return {"TAO_MODEL_BASE_URL": base_url, "TAO_MODEL_NAME": name}


def test_a_file_is_judged_and_shown_as_a_table(tmp_path: Path) -> None:
    bare = line(question="q", answer="a")
    with scripted_endpoint(STATEMENTS, VERDICT) as endpoint:
        options = ("--metrics", "faithfulness", "--parallel", "1")
        result = run(file_of(tmp_path, GOOD, bare), *options, env=model_at(endpoint.base_url))
    assert result.exit_code == 0
    head, values = (row.split() for row in result.stdout.splitlines())
    assert head[0] == "metric"
    assert values == ["faithfulness", "1.000", "1", "1", "0"]
    assert "Judged 2 of 2 records by 'qwen3-32b': 20 tokens read, 10 written." in result.stderr
    assert "faithfulness, 1 not judged: It has no contexts." in result.stderr
    assert "4B" not in result.stderr


def test_as_json_it_tells_every_verdict(tmp_path: Path) -> None:
    with scripted_endpoint(STATEMENTS, VERDICT) as endpoint:
        options = ("--metrics", "faithfulness,answer-similarity", "--json")
        result = run(file_of(tmp_path, GOOD), *options, env=model_at(endpoint.base_url, "Qwen2.5-1.5B"))
    value = json.loads(result.stdout)
    assert value["metrics"]["faithfulness"]["mean"] == 1.0
    (record,) = value["scores"]
    verdict = {"statement": "Leave is 15 days.", "verdict": 1, "reason": "stands there"}
    assert record["faithfulness"] == {"value": 1.0, "statements": [verdict]}
    assert 0.5 < record["answer_similarity"]["value"] <= 1
    assert value["usage"] == {"prompt_tokens": 20, "completion_tokens": 10}
    assert "less than 4B" in result.stderr


def test_what_nobody_can_judge_is_exit_code_1(tmp_path: Path) -> None:
    with scripted_endpoint("All fine.") as endpoint:
        options = ("--metrics", "faithfulness")
        result = run(file_of(tmp_path, GOOD), *options, env=model_at(endpoint.base_url))
    assert result.exit_code == 1
    assert result.stdout.splitlines()[1].split() == ["faithfulness", "0", "0", "1"]
    assert "could not be read" in result.stderr


def test_answers_of_the_agent_are_taken_from_standard_input() -> None:
    citation = {"observation": "1", "tool": "t", "source": "s", "text": "Leave: 15 days."}
    answer = line(type="answer", question="How much leave?", text="15 days.", citations=[citation])
    with scripted_endpoint(STATEMENTS, VERDICT) as endpoint:
        result = run("-", "--metrics", "faithfulness", given=answer, env=model_at(endpoint.base_url))
    assert result.exit_code == 0
    assert "come out too high" in result.stderr


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--metrics", "truth"), "No such metric: 'truth'"),
        (("--metrics", ","), "No such metric: ','"),
        (("--parallel", "0"), "--parallel"),
    ],
)
def test_wrong_options_are_told(tmp_path: Path, options: tuple[str, ...], reason: str) -> None:
    result = run(file_of(tmp_path, GOOD), *options)
    assert result.exit_code == 2
    assert reason in result.stderr


def test_without_a_model_it_is_said_how_to_set_one(tmp_path: Path) -> None:
    result = run(file_of(tmp_path, GOOD))
    assert result.exit_code == 2
    assert "TAO_MODEL_BASE_URL" in result.stderr


def test_a_wrong_file_is_told_before_the_model_is_asked(tmp_path: Path) -> None:
    assert run(tmp_path / "nothing.jsonl").exit_code == 2
    result = run(file_of(tmp_path, GOOD, b"broken"), env=model_at("http://127.0.0.1:9/v1"))
    assert result.exit_code == 2
    assert "answers.jsonl:2: it is no JSON" in result.stderr


def test_an_endpoint_that_is_not_there_is_exit_code_3(tmp_path: Path) -> None:
    environment = model_at("http://127.0.0.1:9/v1") | {"TAO_MODEL_ATTEMPTS": "1"}
    lines = [GOOD] * 5
    result = run(file_of(tmp_path, *lines), "--metrics", "faithfulness", env=environment)
    assert result.exit_code == 3
    assert "127.0.0.1:9" in result.stderr


@pytest.mark.real
def test_ctrl_c_ends_it_and_tells_what_was_judged(tmp_path: Path) -> None:
    with scripted_endpoint(STATEMENTS, VERDICT, HANG) as endpoint:
        command = [sys.executable, "-m", "tao_servers.knowledge", "judge", str(file_of(tmp_path, GOOD, GOOD))]
        process = subprocess.Popen(
            [*command, "--metrics", "faithfulness", "--parallel", "1"],
            env={**os.environ, **model_at(endpoint.base_url)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        while len(endpoint.requests) < 3:
            assert process.poll() is None
            endpoint.begun.wait(0.05)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "faithfulness" in out
    assert "Judged 1 of 2 records" in err
    assert "Traceback" not in err
