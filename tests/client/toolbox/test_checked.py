"""Calls that are nearly right are made right, and wrong ones are answered with what was expected."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tao.toolbox import ToolResult, ToolSpec
from tao.toolbox.checked import Checked
from tao.toolbox.coercion import coerced
from tests.support.scripted import ScriptedToolbox, tool

CASES = tomllib.loads(Path(__file__).with_name("coercion.toml").read_text(encoding="utf-8"))["case"]
FORECAST = ToolSpec(
    "weather__get_forecast",
    "Weather.",
    {
        "type": "object",
        "properties": {
            "place": {"type": "string"},
            "days": {"type": "integer", "minimum": 1, "maximum": 16},
            "detail": {"type": "string", "enum": ["daily", "hourly", "now"]},
        },
        "required": ["place"],
    },
    read_only=True,
)
ADD = tool("notes__add_note", "text", read_only=False)
SEARCH = tool("knowledge__search_knowledge", "query")
Call = tuple[str, dict[str, Any]]


async def call(name: str, arguments: Mapping[str, Any], *tools: ToolSpec) -> tuple[ToolResult, list[Call]]:
    async def ok(arguments: Mapping[str, Any]) -> ToolResult:
        return ToolResult("sunny")

    inner = ScriptedToolbox(*((one, ok) for one in tools or (FORECAST, ADD, SEARCH)))
    return await Checked(inner).call(name, arguments), inner.calls


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_arguments_are_put_into_the_form_of_the_schema(case: dict[str, Any]) -> None:
    arguments, notes = coerced(case["given"], {"type": "object", **case["schema"]})
    assert arguments == case["expected"]
    assert [type(value) for value in arguments.values()] == [type(v) for v in case["expected"].values()]
    assert notes == case.get("notes", [])


async def test_a_right_call_is_passed_on_as_it_is() -> None:
    arguments = {"place": "上海", "days": 3, "detail": "daily"}
    result, calls = await call("weather__get_forecast", arguments)
    assert (result.text, calls) == ("sunny", [("weather__get_forecast", arguments)])


async def test_a_number_written_as_text_is_taken_silently() -> None:
    result, calls = await call("weather__get_forecast", {"place": "上海", "days": "3", "detail": "Hourly"})
    assert calls[0][1] == {"place": "上海", "days": 3, "detail": "hourly"}
    assert result.text == "sunny"


async def test_a_nearly_right_value_and_name_are_taken_and_told() -> None:
    result, calls = await call("weather_getforecast", {"plce": "上海", "detail": "hourlly"})
    assert calls == [("weather__get_forecast", {"place": "上海", "detail": "hourly"})]
    assert result.text.endswith("\nsunny")
    assert "'plce' was taken for 'place'" in result.text
    assert "'hourlly' was taken for 'hourly'" in result.text


@pytest.mark.parametrize(
    "name", ["get_forecast", "Weather__Get_Forecast", "weather.get_forecast", "weather__get_forcast"]
)
async def test_a_tool_under_a_nearly_right_name_is_called(name: str) -> None:
    result, calls = await call(name, {"place": "上海"})
    assert calls == [("weather__get_forecast", {"place": "上海"})]
    assert f"there is no tool {name!r}; 'weather__get_forecast' was called" in result.text


async def test_a_name_that_two_servers_share_is_not_guessed() -> None:
    result, calls = await call("search", {}, tool("a__search"), tool("b__search"))
    assert calls == []
    assert result.is_error
    assert result.text == "There is no tool 'search'. There are: a__search, b__search."


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({}, "'place' is a required property"),
        ({"place": "上海", "days": 40}, "days: 40 is greater than the maximum of 16"),
        ({"place": "上海", "days": "many"}, "days: 'many' is not of type 'integer'"),
        ({"place": "上海", "detail": "weekly report"}, "detail: 'weekly report' is not one of"),
        ({"place": {"city": "上海"}}, "place: {'city': '上海'} is not of type 'string'"),
    ],
)
async def test_a_wrong_call_is_answered_with_the_field_and_what_it_takes(
    arguments: dict[str, Any], named: str
) -> None:
    result, calls = await call("weather__get_forecast", arguments)
    assert calls == []
    assert result.is_error
    assert named in result.text
    assert "It takes: place (string), days (integer, optional), detail (one of daily," in result.text


@pytest.mark.parametrize(
    ("name", "arguments"), [("notes_add_notes", {"text": "x"}), ("notes__add_note", {"txt": "x"})]
)
async def test_what_may_change_something_is_never_called_on_a_guess(name: str, arguments: Any) -> None:
    result, calls = await call(name, arguments)
    assert calls == []
    assert result.is_error
    assert "It takes: text (string)" in result.text


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "object", "properties": {"a": {"$ref": "http://127.0.0.1:9/evil.json"}}},
        {"type": "object", "properties": {"a": {"$ref": "#/$defs/nowhere"}}},
        {"type": "nonsense", "properties": 3},
        {"properties": {"a": {"pattern": "("}}},
        {"type": "object", "properties": {"a": {"anyOf": [{"$ref": "#"}, {"type": "string"}]}}},
    ],
)
async def test_a_schema_that_cannot_be_applied_is_left_to_the_server(schema: dict[str, Any]) -> None:
    odd = ToolSpec("odd__odd", "Odd.", schema, read_only=True)
    _, calls = await call("odd__odd", {"a": "x"}, odd)
    assert calls in ([("odd__odd", {"a": "x"})], [])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(["place", "days", "detail", "Day", ""]), json_values, max_size=5))
def test_any_arguments_can_be_looked_at(arguments: dict[str, Any]) -> None:
    changed, _ = coerced(arguments, FORECAST.input_schema)
    assert set(changed) <= {"place", "days", "detail"}


async def test_a_note_of_a_guess_is_no_word_of_the_tool() -> None:
    result, _ = await call("weather_getforecast", {"plce": "上海", "price 7999": 1})
    assert "7999" in result.text
    assert result.evidence == "sunny"


async def test_a_tool_that_is_odd_in_its_schema_is_not_called_on_a_guess_either() -> None:
    odd = ToolSpec("odd__change_it", "Odd.", {"type": "nonsense", "properties": 3})
    result, calls = await call("odd_changeit", {"a": "x"}, odd)
    assert calls == []
    assert "It takes: whatever its server says" in result.text
