"""The schemas in docs/schemas say what the code writes."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import pytest
from jsonschema import Draft202012Validator, ValidationError  # type: ignore[import-untyped, unused-ignore]
from referencing import Registry, Resource

from docs.schemas.generate import generated
from tao import Agent, Answer, ModelError
from tao.dialects import SchemaDialect
from tao.events import SCHEMA_VERSION
from tao.runs import RunLog
from tao.settings import Settings, state_dir
from tao.strategies import Limits, React, Run
from tao.toolbox import ToolResult
from tests.support.scripted import ScriptedModel, ScriptedToolbox, tool

_FOLDER = Path(__file__).parent.parent.parent / "docs/schemas"
_NAMES = sorted(path.name for path in _FOLDER.glob("*.schema.json"))


def _schema(name: str) -> Any:
    return json.loads((_FOLDER / name).read_text(encoding="utf-8"))


def _validator(name: str) -> Any:
    documents = [(other, Resource.from_contents(_schema(other))) for other in _NAMES]
    registry: Registry[Any] = Registry().with_resources(documents)
    return Draft202012Validator(_schema(name), registry=registry)


def _checked(log: Path) -> list[dict[str, Any]]:
    """The records of a run log, each valid."""
    records = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    for record in records:
        _validator("run-log.schema.json").validate(record)
    return records


@pytest.mark.parametrize("name", sorted(generated()))
def test_a_generated_schema_is_up_to_date(name: str) -> None:
    written = (_FOLDER / name).read_text(encoding="utf-8")
    assert written == generated()[name], "Run: python docs/schemas/generate.py"


@pytest.mark.parametrize("name", _NAMES)
def test_a_schema_is_a_schema_of_the_present_version(name: str) -> None:
    Draft202012Validator.check_schema(_schema(name))
    assert _schema(name)["x-schema-version"] == SCHEMA_VERSION


def test_a_run_starts_with_the_version_of_its_schema() -> None:
    started = _schema("run-log.schema.json")["$defs"]["run_started"]["properties"]
    assert started["schema_version"] == {"const": SCHEMA_VERSION}


async def test_the_log_and_the_events_of_an_agent_are_valid() -> None:
    agent = Agent.from_config(model=ScriptedModel("大约 9999 元。"), settings=Settings(), servers=())
    with anyio.fail_after(5):
        async with agent:
            events = [event async for event in agent.run("iPhone 15 Pro Max 多少钱")]
    for event in events:
        _validator("event.schema.json").validate(event.model_dump(mode="json"))
    answer = events[-1]
    assert isinstance(answer, Answer)
    _validator("answer.schema.json").validate(json.loads(answer.model_dump_json()))
    records = _checked(state_dir() / "runs" / f"{answer.run_id}.jsonl")
    assert [record["kind"] for record in records] == ["run_started", "model_request", "model_reply", "event"]


async def test_the_log_of_an_agent_that_fails_is_valid() -> None:
    agent = Agent.from_config(
        model=ScriptedModel(ModelError("gone", status=503)), settings=Settings(), servers=()
    )
    with anyio.fail_after(5):
        async with agent:
            with pytest.raises(ModelError):
                await agent.ask("Is anybody there?")
    (log,) = (state_dir() / "runs").iterdir()
    assert [record["kind"] for record in _checked(log)] == ["run_started", "model_request", "run_failed"]


async def test_the_log_of_a_run_with_tools_is_valid(tmp_path: Path) -> None:
    async def fail(arguments: Mapping[str, Any]) -> ToolResult:
        return ToolResult("\x00 无效 \ud800", is_error=True)

    call = {"thought": "查", "actions": [{"tool": "a__b", "arguments": {"query": "鞋"}}]}
    end = {"thought": "", "actions": [{"tool": "finish", "arguments": {"answer": "没有。"}}]}
    async with RunLog(tmp_path, "one") as log:
        run = Run(
            id="one",
            question="皮鞋多少钱",
            model=ScriptedModel("not JSON", json.dumps(call), json.dumps(end)),
            log=log,
            send=lambda event: None,
            prompts=None,
            place=None,
            now=datetime(2026, 11, 22, tzinfo=UTC),
        )
        toolbox = ScriptedToolbox((tool("a__b", "query"), fail))
        with anyio.fail_after(5):
            loop = React(toolbox, [SchemaDialect()], Limits(max_steps=5))
            run.emit(await loop.answer(run))
    events = [record["event"]["type"] for record in _checked(log.path) if record["kind"] == "event"]
    assert events == ["action", "observation", "answer"]


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"kind": "thought", "at": "2026-11-22T00:00:00+00:00"},
        {"kind": "run_failed", "at": "2026-11-22T00:00:00+00:00", "error": "ModelError"},
        {"kind": "event", "at": "2026-11-22T00:00:00+00:00", "event": {"type": "answer_delta", "text": "x"}},
        {"kind": "event", "at": "2026-11-22T00:00:00+00:00", "event": {"type": "notice"}},
    ],
)
def test_what_is_no_record_is_refused(record: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        _validator("run-log.schema.json").validate(record)
