import json
from pathlib import Path
from typing import Any

import pytest

from tao.errors import ConfigError
from tao.events import Notice
from tao.models.chat import ChatRequest, Completion, Message, Usage
from tao.runs import RunLog, new_run_id

SYSTEM, QUESTION, REPLY = Message("system", "s"), Message("user", "问"), Message("assistant", "r")


def records(log: RunLog) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.path.read_text(encoding="utf-8").splitlines()]


async def test_a_request_is_logged_with_what_the_one_before_it_did_not_have(tmp_path: Path) -> None:
    async with RunLog(tmp_path, "one") as log:
        log.requested(ChatRequest([SYSTEM, QUESTION], stop=["\nObservation:"], max_tokens=5))
        log.requested(ChatRequest([SYSTEM, QUESTION, REPLY]))
        log.requested(ChatRequest([SYSTEM, REPLY], response_format={"type": "json_object"}))
    first, second, third = records(log)
    assert [record["from"] for record in (first, second, third)] == [0, 2, 1]
    assert [message["content"] for message in first["messages"]] == ["s", "问"]
    assert second["messages"] == third["messages"] == [{"role": "assistant", "content": "r"}]
    assert (first["stop"], first["max_tokens"]) == (["\nObservation:"], 5)
    assert third["response_format"] == {"type": "json_object"}


async def test_a_reply_is_logged_to_the_letter_with_its_cost(tmp_path: Path) -> None:
    text = 'line\n"quoted"\t\x00\u2028 中文'
    async with RunLog(tmp_path, "one") as log:
        log.replied(Completion(text, "thinking", "stop", Usage(1, 2, 3), 0.12345, 1.5))
    (record,) = records_of_lines(log)
    assert (record["text"], record["reasoning"], record["finish_reason"]) == (text, "thinking", "stop")
    assert (record["prompt_tokens"], record["completion_tokens"], record["cached_tokens"]) == (1, 2, 3)
    assert (record["first_token_seconds"], record["seconds"]) == (0.1235, 1.5)


def records_of_lines(log: RunLog) -> list[dict[str, Any]]:
    # Not splitlines(): it also parts at U+2028, which JSON leaves as it is.
    return [json.loads(line) for line in log.path.read_text(encoding="utf-8").split("\n") if line]


async def test_each_record_has_its_kind_and_its_time(tmp_path: Path) -> None:
    async with RunLog(tmp_path, "one") as log:
        log.started(question="问", tools=[])
        log.event(Notice(text="hm"))
        log.failed(ValueError("why"))
    started, event, failed = records(log)
    assert [record["kind"] for record in (started, event, failed)] == ["run_started", "event", "run_failed"]
    assert (started["schema_version"], started["question"]) == (1, "问")
    assert event["event"] == {"type": "notice", "text": "hm"}
    assert (failed["error"], failed["text"]) == ("ValueError", "why")
    assert started["at"] <= event["at"] <= failed["at"]
    assert started["at"].endswith("+00:00")


@pytest.mark.parametrize("text", ["\ud800", "x" * 1_000_000, "", "\x00"])
async def test_any_text_can_be_logged(tmp_path: Path, text: str) -> None:
    async with RunLog(tmp_path, "one") as log:
        log.replied(Completion(text))
    (record,) = records(log)
    assert record["text"] == text


async def test_every_record_is_on_disk_before_the_run_ends(tmp_path: Path) -> None:
    async with RunLog(tmp_path, "one") as log:
        log.started(question="问")
        assert len(records(log)) == 1


async def test_a_log_that_is_not_open_writes_nothing(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "runs", "one")
    log.started(question="问")
    async with log:
        pass
    log.started(question="问")
    assert records(log) == []


async def test_folder_and_file_are_their_owners_alone(tmp_path: Path) -> None:
    async with RunLog(tmp_path / "state" / "runs", "one") as log:
        pass
    assert log.path.stat().st_mode & 0o077 == 0
    assert log.path.parent.stat().st_mode & 0o077 == 0


def test_run_ids_sort_by_time_and_do_not_meet() -> None:
    ids = [new_run_id() for _ in range(200)]
    assert len(set(ids)) == 200
    stamps = [run_id.partition("-")[0] for run_id in ids]
    assert stamps == sorted(stamps)


async def test_a_folder_that_cannot_be_written_is_named_with_the_remedy(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(ConfigError, match="XDG_STATE_HOME"):
        async with RunLog(file / "runs", "one") as log:
            log.started()
