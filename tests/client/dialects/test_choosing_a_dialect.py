"""Which dialect is used: the one asked for, the measured one, or what a probe of the endpoint found."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from tao.dialects import ToolsDialect, choose_dialects
from tao.errors import ModelError
from tao.models.chat import Completion, ToolCall
from tao.models.openai import OpenAIChat
from tests.support.scripted import ScriptedModel

URL = "http://model.test/v1"
CALLED = Completion("", tool_calls=(ToolCall("a", "get_weather", '{"city": "Paris"}'),))
HELD = '{"word": "chartreuse"}'


class Named(ScriptedModel):
    """A scripted model under another name."""

    def __init__(self, name: str, *replies: Any) -> None:
        super().__init__(*replies)
        self.name = name


async def names(wanted: Any, model: ScriptedModel, memory: Path | None = None) -> list[str]:
    base_url = URL if memory else None
    return [one.name for one in await choose_dialects(wanted, model, base_url=base_url, memory=memory)]


@pytest.mark.parametrize(
    ("wanted", "model", "first"),
    [
        ("auto", "local-small", "text"),
        ("auto", "local", "schema"),
        ("auto", "Qwen/Qwen2.5-Coder-0.5B-Instruct", "text"),
        ("auto", "qwen2.5-coder-1.5b-instruct-q4_k_m", "schema"),
        ("auto", "unknown", "schema"),
        ("text", "local", "text"),
        ("schema", "local-small", "schema"),
        ("tools", "local-small", "tools"),
    ],
)
async def test_what_is_asked_for_or_was_measured_needs_no_probe(wanted: Any, model: str, first: str) -> None:
    scripted = Named(model)
    assert (await names(wanted, scripted))[0] == first
    assert scripted.requests == []


async def test_a_dialect_that_was_asked_for_is_the_only_one() -> None:
    assert await names("tools", Named("local")) == ["tools"]
    assert await names("auto", Named("local")) == ["schema", "schema", "text"]


@pytest.mark.parametrize(
    ("replies", "found"),
    [
        ([CALLED], "tools"),
        (['```json\n{"name": "get_weather"}\n```', HELD], "schema"),
        ([ModelError("no tools", status=400), HELD], "schema"),
        (["It rains.", '{"word": "hello"}'], "text"),
        (["It rains.", "Hello!"], "text"),
        ([ModelError("no", status=400), ModelError("no", status=422)], "text"),
    ],
    ids=["calls", "calls as text", "calls refused", "schema ignored", "no json", "both refused"],
)
async def test_an_unknown_model_is_probed_once(replies: list[Any], found: str, tmp_path: Path) -> None:
    memory = tmp_path / "tao" / "dialects.json"
    model = Named("mystery", *replies)
    assert (await names("auto", model, memory))[0] == found
    assert len(model.requests) == len(replies)
    assert (await names("auto", model, memory))[0] == found
    assert len(model.requests) == len(replies)


async def test_an_endpoint_that_fails_is_not_judged(tmp_path: Path) -> None:
    memory = tmp_path / "dialects.json"
    with pytest.raises(ModelError):
        await names("auto", Named("mystery", ModelError("nothing answers")), memory)
    assert not memory.exists()
    assert (await names("auto", Named("mystery", CALLED), memory))[0] == "tools"


@pytest.mark.parametrize("damage", ["", "[]", "{", '{"http://model.test/v1 mystery": "nonsense"}'])
async def test_a_damaged_memory_counts_as_none(damage: str, tmp_path: Path) -> None:
    memory = tmp_path / "dialects.json"
    memory.write_text(damage, encoding="utf-8")
    assert (await names("auto", Named("mystery", CALLED), memory))[0] == "tools"
    assert (await names("auto", Named("mystery"), memory))[0] == "tools"


async def test_a_memory_that_cannot_be_written_only_costs_another_probe(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    memory = tmp_path / "file" / "dialects.json"
    for _ in range(2):
        assert isinstance(
            (await choose_dialects("auto", Named("m", CALLED), base_url=URL, memory=memory))[0], ToolsDialect
        )


async def test_an_endpoint_that_is_too_slow_is_not_judged_for_good(tmp_path: Path) -> None:
    memory = tmp_path / "dialects.json"
    assert (await names("auto", Named("mystery", TimeoutError()), memory))[0] == "schema"
    assert not memory.exists()


async def test_the_first_model_of_an_endpoint_is_known_by_its_name_before_it_is_probed(
    tmp_path: Path,
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/v1/models"
        return httpx.Response(200, json={"data": [{"id": "qwen2.5-coder-0.5b"}]})

    async with OpenAIChat(URL, transport=httpx.MockTransport(answer)) as model:
        chosen = await choose_dialects("auto", model, base_url=URL, memory=tmp_path / "dialects.json")
    assert chosen[0].name == "text"
