import json
from typing import Any, Literal

import jsonschema  # type: ignore[import-untyped]
import pytest
from pydantic import BaseModel

from tao.dialects.grammar import step_schema
from tao.dialects.signatures import signature
from tao.toolbox import ToolSpec
from tests.support.scripted import tool


class Place(BaseModel):
    city: str
    code: int | None = None


class Tree(BaseModel):
    name: str
    branches: list["Tree"] = []


class Everything(BaseModel):
    place: Place
    unit: Literal["C", "F"]
    grid: list[list[int]]
    note: str | None = None
    by_name: dict[str, Place] = {}


def with_schema(schema: dict[str, Any]) -> ToolSpec:
    return ToolSpec("s__t", "Does things.", schema)


def accepts(tools: list[ToolSpec], *actions: tuple[str, Any]) -> bool:
    step = {"thought": "x", "actions": [{"tool": name, "arguments": given} for name, given in actions]}
    schema = step_schema(tools)
    jsonschema.Draft202012Validator.check_schema(schema)
    return bool(jsonschema.Draft202012Validator(schema).is_valid(step))


SEARCH = tool("k__search", "query")
GOOD = {
    "place": {"city": "上海"},
    "unit": "C",
    "grid": [[1], []],
    "note": None,
    "by_name": {"a": {"city": "b"}},
}


@pytest.mark.parametrize(
    ("name", "arguments", "right"),
    [
        ("k__search", {"query": "x"}, True),
        ("finish", {"answer": "x"}, True),
        ("k__search", {}, False),
        ("k__search", {"query": 1}, False),
        ("k__search", {"query": "x", "more": 1}, False),
        ("k__search", None, False),
        ("k__other", {"query": "x"}, False),
        ("finish", {}, False),
        ("finish", {"answer": 1}, False),
    ],
)
def test_a_right_step_is_accepted_and_a_wrong_one_refused(name: str, arguments: Any, right: bool) -> None:
    assert accepts([SEARCH], (name, arguments)) is right


def test_a_step_has_one_to_three_actions_and_a_thought() -> None:
    call = ("k__search", {"query": "x"})
    assert [accepts([SEARCH], *[call] * n) for n in range(5)] == [False, True, True, True, False]
    schema = step_schema([SEARCH])
    assert not jsonschema.Draft202012Validator(schema).is_valid({"actions": []})
    assert list(schema["properties"]) == ["thought", "actions"]


def test_without_tools_one_can_only_finish() -> None:
    assert accepts([], ("finish", {"answer": "x"}))
    assert not accepts([], ("k__search", {"query": "x"}))


@pytest.mark.parametrize(
    ("change", "right"),
    [
        ({}, True),
        ({"note": "hello"}, True),
        ({"place": {"city": "上海", "code": None}}, True),
        ({"note": 1}, False),
        ({"unit": "K"}, False),
        ({"place": {"code": 1}}, False),
        ({"place": {"city": "x", "code": "x"}}, False),
        ({"grid": [["x"]]}, False),
        ({"grid": [1]}, False),
        ({"by_name": {"a": {}}}, False),
    ],
)
def test_references_unions_enums_and_nested_lists_keep_their_meaning(
    change: dict[str, Any], right: bool
) -> None:
    spec = with_schema(Everything.model_json_schema())
    assert accepts([spec], ("s__t", GOOD | change)) is right
    text = json.dumps(step_schema([spec]))
    assert "$ref" not in text
    assert "$defs" not in text


def test_definitions_under_their_old_name_are_found() -> None:
    schema = {
        "type": "object",
        "properties": {"unit": {"$ref": "#/definitions/Unit"}},
        "definitions": {"Unit": {"enum": ["C", "F"]}},
    }
    assert accepts([with_schema(schema)], ("s__t", {"unit": "C"}))
    assert not accepts([with_schema(schema)], ("s__t", {"unit": "K"}))


def test_a_schema_that_refers_to_itself_is_written_out_to_a_bounded_depth() -> None:
    spec = with_schema(
        {"type": "object", "properties": {"tree": {"$ref": "#/$defs/Tree"}}, "required": ["tree"]}
        | {"$defs": Tree.model_json_schema()["$defs"]}
    )
    assert len(json.dumps(step_schema([spec]))) < 5000
    deep: dict[str, Any] = {"name": "leaf"}
    for _ in range(20):
        deep = {"name": "x", "branches": [deep]}
    assert accepts([spec], ("s__t", {"tree": deep}))
    assert not accepts([spec], ("s__t", {"tree": {"branches": []}}))


def test_a_definition_that_is_only_itself_ends() -> None:
    schema = {"properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"$ref": "#/$defs/A"}}}
    assert accepts([with_schema(schema)], ("s__t", {"a": 1}))


@pytest.mark.parametrize(
    "schema",
    [{}, {"type": "object"}, {"properties": {"a": True}}, {"properties": {"a": {"$ref": "#/$defs/Nowhere"}}}],
)
def test_a_poor_input_schema_still_gives_a_step(schema: dict[str, Any]) -> None:
    assert accepts([with_schema(schema)], ("s__t", {}))


def test_the_same_tools_give_the_same_bytes() -> None:
    spec = with_schema(Everything.model_json_schema())
    assert json.dumps(step_schema([spec, SEARCH])) == json.dumps(step_schema([spec, SEARCH]))


def test_of_many_optional_parameters_a_signature_shows_the_first_three() -> None:
    names = ["a", "b", "c", "d", "e"]
    spec = with_schema({"properties": {name: {"type": "string"} for name in names}, "required": ["e"]})
    assert signature(spec).startswith("- s__t(a?: str, b?: str, c?: str, e: str): ")


def test_a_signature_names_each_parameter_its_type_and_whether_it_may_be_left_out() -> None:
    spec = ToolSpec("s__t", "First sentence. Second one.\n\nThird.", Everything.model_json_schema())
    assert signature(spec) == (
        "- s__t(place: any, unit: C|F, grid: list, note?: str, by_name?: object): "
        "First sentence. Second one. Third."
    )


@pytest.mark.parametrize(
    ("schema", "shown"),
    [
        ({"type": "integer"}, "int"),
        ({"type": ["string", "null"]}, "str"),
        ({"type": ["null"]}, "any"),
        ({"anyOf": [{"type": "null", "title": "none"}, {"type": "number"}]}, "float"),
        ({"anyOf": [{"type": "null"}]}, "any"),
        ({"anyOf": [True, {"type": "string"}]}, "any"),
        ({"enum": [1, "two"]}, "1|two"),
        ({}, "any"),
        (True, "any"),
    ],
)
def test_a_parameters_type_is_shown_in_short(schema: Any, shown: str) -> None:
    assert signature(with_schema({"properties": {"a": schema}})) == f"- s__t(a?: {shown}): Does things."


@pytest.mark.parametrize(
    "description", ["x" * 100_000, "查。" * 50_000, "A sentence.\n" * 10_000, "", " \n "]
)
def test_a_huge_or_empty_description_takes_one_short_line(description: str) -> None:
    line = signature(ToolSpec("s__t", description, {}))
    assert len(line) < 300
    assert "\n" not in line
