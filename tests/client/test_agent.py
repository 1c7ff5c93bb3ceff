import json
import sys
from collections.abc import Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any

import anyio
import pytest

from tao import Agent
from tao.errors import ConfigError, ModelError, ServerError
from tao.events import Answer, AnswerDelta, Event, Notice
from tao.settings import AgentSettings, Settings, load_settings, state_dir
from tests.support.scripted import ScriptedModel

NOWHERE = {"type": "stdio", "command": "/nowhere/at/all"}


def alone(model: ScriptedModel, settings: Settings | None = None) -> Agent:
    return Agent.from_config(model=model, servers=(), settings=settings)


def server_list(folder: Path, **servers: Mapping[str, Any]) -> Path:
    path = folder / "cline_config.json"
    path.write_text(json.dumps({"mcpServers": servers}), encoding="utf-8")
    return path


async def events_of(agent: Agent, question: str, told: list[Event]) -> None:
    async with aclosing(agent.run(question)) as events:
        async for event in events:
            told.append(event)


async def test_without_servers_the_model_answers_alone_and_no_list_is_needed() -> None:
    model = ScriptedModel("七天。")
    with anyio.fail_after(5):
        async with alone(model) as agent:
            answer = await agent.ask("一周有几天？")
    assert (answer.text, answer.dialect, answer.model) == ("七天。", None, "scripted")
    assert [message.role for message in model.requests[0].messages] == ["system", "user"]


async def test_a_list_of_disabled_servers_is_no_tools_too(tmp_path: Path) -> None:
    path = server_list(tmp_path, gone=NOWHERE | {"disabled": True})
    with anyio.fail_after(5):
        async with Agent.from_config(path, model=ScriptedModel("ok")) as agent:
            assert (await agent.ask("hi")).dialect is None


async def test_one_agent_answers_again_and_again() -> None:
    with anyio.fail_after(5):
        async with alone(ScriptedModel("one", "two")) as agent:
            first, second = await agent.ask("a?"), await agent.ask("b?")
    assert [first.text, second.text] == ["one", "two"]
    assert first.run_id != second.run_id


async def test_two_runs_go_on_side_by_side() -> None:
    with anyio.fail_after(5):
        async with alone(ScriptedModel("first " * 50, "second")) as agent, aclosing(agent.run("a?")) as slow:
            early = await anext(slow)
            quick = await agent.ask("b?")
            late = [event async for event in slow]
    assert isinstance(early, AnswerDelta)
    assert quick.text == "second"
    assert isinstance(late[-1], Answer)
    assert (late[-1].question, late[-1].text) == ("a?", ("first " * 50).strip())
    assert not any(isinstance(event, AnswerDelta) and "second" in event.text for event in late)


async def test_leaving_a_run_early_stops_the_model_and_leaves_the_agent_usable() -> None:
    model = ScriptedModel("word " * 500, "again")
    with anyio.fail_after(5):
        async with alone(model) as agent:
            async with aclosing(agent.run("a?")) as events:
                async for _ in events:
                    break
            assert (await agent.ask("b?")).text == "again"
            assert model.left_early == 1


async def test_leaving_the_agent_in_the_middle_of_a_run_stops_the_model() -> None:
    model = ScriptedModel("word " * 500)
    with anyio.fail_after(5):
        async with alone(model) as agent:
            events = agent.run("a?")
            await anext(events)
        await events.aclose()
    assert model.left_early == 1


async def test_a_run_that_is_cancelled_stops_the_model() -> None:
    model = ScriptedModel("word " * 500, "again")
    with anyio.fail_after(5):
        async with alone(model) as agent:
            with anyio.CancelScope() as scope:
                async for _ in agent.run("a?"):
                    scope.cancel()
            assert scope.cancelled_caught
            assert (await agent.ask("b?")).text == "again"
    assert model.left_early == 1


@pytest.mark.parametrize("question", ["", "   \n\t", "\u3000", "x" * 20_001, "价" * 1_000_000])
async def test_an_empty_or_huge_question_is_refused_and_the_agent_goes_on(question: str) -> None:
    model = ScriptedModel("ok")
    with anyio.fail_after(5):
        async with alone(model) as agent:
            with pytest.raises(ConfigError, match="question"):
                await agent.ask(question)
            assert model.requests == []
            assert (await agent.ask("hi")).text == "ok"


@pytest.mark.parametrize("question", ["x" * 20_000, "\ud800?", "a\x00b", "{$tools} $question"])
async def test_a_strange_question_is_asked(question: str) -> None:
    model = ScriptedModel("ok")
    with anyio.fail_after(5):
        async with alone(model) as agent:
            await agent.ask(question)
    assert model.requests[0].messages[-1].content == question.replace("\ud800", "?")


async def test_what_the_model_raises_arrives_as_it_is_and_the_agent_goes_on() -> None:
    failures: list[Exception] = [ModelError("Nothing answers", status=503), KeyError("strange")]
    with anyio.fail_after(5):
        async with alone(ScriptedModel(*failures, "ok")) as agent:
            for failure in failures:
                with pytest.raises(type(failure)) as caught:
                    await agent.ask("hi")
                assert caught.value is failure
            assert (await agent.ask("hi")).text == "ok"


async def test_what_is_raised_inside_the_block_leaves_it_as_it_is() -> None:
    failure = ModelError("Nothing answers")
    with anyio.fail_after(5):
        with pytest.raises(ModelError) as caught:
            async with alone(ScriptedModel(failure)) as agent:
                await agent.ask("hi")
        with pytest.raises(ZeroDivisionError):
            async with alone(ScriptedModel()):
                raise ZeroDivisionError
    assert caught.value is failure


async def test_an_agent_that_is_not_open_says_so_and_is_not_opened_again() -> None:
    agent = alone(ScriptedModel("ok"))
    with anyio.fail_after(5):
        with pytest.raises(RuntimeError, match="async with"):
            await agent.ask("hi")
        async with agent:
            with pytest.raises(RuntimeError, match="opened once"):
                await agent.__aenter__()
            assert (await agent.ask("hi")).text == "ok"
        with pytest.raises(RuntimeError, match="async with"):
            await agent.ask("hi")
        with pytest.raises(RuntimeError, match="opened once"):
            await agent.__aenter__()


def logged() -> tuple[str, list[dict[str, Any]]]:
    (path,) = (state_dir() / "runs").iterdir()
    return path.name, [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


async def test_a_run_is_logged_in_the_users_state_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with anyio.fail_after(5):
        async with alone(ScriptedModel("七天。")) as agent:
            answer = await agent.ask("一周有几天？")
    assert state_dir().parent == tmp_path
    name, records = logged()
    assert name == f"{answer.run_id}.jsonl"
    assert [record["kind"] for record in records] == ["run_started", "model_request", "model_reply", "event"]
    assert records[0]["question"] == "一周有几天？"
    assert records[0]["strategy"] == "direct"
    assert Answer.model_validate(records[-1]["event"]) == answer


async def test_the_log_names_the_strategy_that_was_used() -> None:
    settings = Settings(agent=AgentSettings(strategy="cot"))
    with anyio.fail_after(5):
        async with alone(ScriptedModel("Final Answer: 7"), settings) as agent:
            assert (await agent.ask("3 + 4?")).text == "7"
    assert logged()[1][0]["strategy"] == "cot"


async def test_a_run_that_failed_is_logged_with_its_error() -> None:
    with anyio.fail_after(5):
        async with alone(ScriptedModel(ModelError("Nothing answers"))) as agent:
            with pytest.raises(ModelError):
                await agent.ask("hi")
    last = logged()[1][-1]
    assert (last["kind"], last["error"], last["text"]) == ("run_failed", "ModelError", "Nothing answers")


async def test_the_users_place_and_prompts_reach_the_model(tmp_path: Path) -> None:
    (tmp_path / "agent").mkdir()
    (tmp_path / "agent" / "direct.zh.md").write_text("我的提示。$now", encoding="utf-8")
    agent_settings = AgentSettings(place="上海市", prompts=tmp_path)
    settings = load_settings().model_copy(update={"agent": agent_settings})
    model = ScriptedModel("好")
    with anyio.fail_after(5):
        async with alone(model, settings) as agent:
            await agent.ask("你好")
    system = model.requests[0].messages[0].content
    assert system.startswith("我的提示。")
    assert "上海市" in system


async def test_a_wrong_prompt_of_the_users_is_named(tmp_path: Path) -> None:
    (tmp_path / "agent").mkdir()
    (tmp_path / "agent" / "direct.zh.md").write_text("$nowhere", encoding="utf-8")
    settings = load_settings().model_copy(update={"agent": AgentSettings(prompts=tmp_path)})
    with anyio.fail_after(5):
        async with alone(ScriptedModel("好"), settings) as agent:
            with pytest.raises(ConfigError, match=r"direct\.zh\.md"):
                await agent.ask("你好")


def test_a_server_that_the_list_does_not_have_is_named_with_those_it_has(tmp_path: Path) -> None:
    path = server_list(tmp_path, weather=NOWHERE, shop=NOWHERE)
    with pytest.raises(ConfigError, match=r"'wether'.*weather, shop"):
        Agent.from_config(path, model=ScriptedModel(), servers=["shop", "wether"])


@pytest.mark.parametrize("content", [None, b"", b"[]", b"{}", b'{"mcpServers": {"a": {}}}', b"\xff\xfe"])
def test_a_wrong_list_is_refused_by_its_path(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "mine.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"mine\.json"):
        Agent.from_config(path, model=ScriptedModel())


async def test_when_no_server_starts_each_is_reported_and_the_run_fails(tmp_path: Path) -> None:
    path = server_list(tmp_path, one=NOWHERE, two=NOWHERE)
    model = ScriptedModel()
    told: list[Event] = []
    with anyio.fail_after(20):
        async with Agent.from_config(path, model=model) as agent:
            with pytest.raises(ServerError, match="one, two"):
                await events_of(agent, "hi", told)
    notices = sorted(event.text for event in told if isinstance(event, Notice))
    assert ["'one'" in notices[0], "'two'" in notices[1]] == [True, True]
    assert all("/nowhere/at/all" in text for text in notices)
    assert model.requests == []


@pytest.mark.real
async def test_a_question_is_answered_with_the_tool_of_a_real_server(tmp_path: Path) -> None:
    command = {"type": "stdio", "command": sys.executable, "args": ["-m", "tao_servers.get_info"]}
    path = server_list(tmp_path, get_info=command, gone=NOWHERE)
    call = {"tool": "get_info__get_my_info", "arguments": {"channel": "GitHub"}}
    text = "他的 GitHub 是https://github.com/guofei9987/。"
    model = ScriptedModel(
        json.dumps({"thought": "查", "actions": [call]}),
        json.dumps({"thought": "有了", "actions": [{"tool": "finish", "arguments": {"answer": text}}]}),
    )
    events: list[Event] = []
    with anyio.fail_after(30):
        async with Agent.from_config(path, model=model) as agent:
            await events_of(agent, "他的 GitHub 是什么？", events)
    kinds = [event.type for event in events if not event.type.endswith("_delta")]
    assert kinds == ["notice", "action", "observation", "answer"]
    answer = events[-1]
    assert isinstance(answer, Answer)
    assert (answer.text, answer.unsupported, answer.stop_reason) == (text, (), "finish")
    assert [citation.tool for citation in answer.citations] == ["get_info__get_my_info"]
