"""`server.json` of each server, in the form of the MCP registry (schema of 2025-12-11).

The rules are those of the published schema that bear on our files, in our own words. Where
TAO_TEST_SERVER_SCHEMA names a copy of the schema itself, the files are also checked against that.
"""

import json
import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

import jsonschema  # type: ignore[import-untyped]
import pytest
from pydantic import BaseModel, ConfigDict, Field

ROOT = Path(__file__).parents[3]
SERVERS = ROOT / "servers" / "tao_servers"
NAMES = sorted(path.parent.name for path in SERVERS.glob("*/command.py"))
SCHEMA = os.environ.get("TAO_TEST_SERVER_SCHEMA")
each_server = pytest.mark.parametrize("name", NAMES)


class Strict(BaseModel):
    """The schema lets unknown fields pass; here they would be a slip of the pen."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Input(Strict):
    description: str | None = None
    format: Literal["string", "number", "boolean", "filepath"] = "string"
    isRequired: bool = False
    isSecret: bool = False
    value: str | None = None


class Named(Input):
    type: Literal["named"]
    name: str = Field(pattern=r"^--?\w")


class Positional(Input):
    type: Literal["positional"]
    # The schema asks for this or a `valueHint`.
    value: str


class Variable(Input):
    name: str = Field(pattern=r"^[A-Z_]+$")


Argument = Annotated[Named | Positional, Field(discriminator="type")]


class Stdio(Strict):
    type: Literal["stdio"]


class Package(Strict):
    registryType: Literal["pypi"]
    identifier: Literal["tao-agent"]
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    runtimeHint: Literal["uvx"]
    runtimeArguments: list[Argument] = []
    packageArguments: list[Argument]
    environmentVariables: list[Variable] = []
    transport: Stdio


class Server(Strict):
    schema_: Literal["https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"] = Field(
        alias="$schema"
    )
    name: str = Field(pattern=r"^[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+$", min_length=3, max_length=200)
    title: str = Field(min_length=1, max_length=100)
    description: str = Field(min_length=1, max_length=100)
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    packages: list[Package] = Field(min_length=1, max_length=1)


def read(name: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((SERVERS / name / "server.json").read_text(encoding="utf-8"))
    return value


def project() -> dict[str, Any]:
    value: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return value


@each_server
def test_a_server_has_an_entry_that_keeps_the_rules(name: str) -> None:
    server = Server.model_validate(read(name))
    (package,) = server.packages
    assert server.version == package.version == project()["version"]
    assert package.packageArguments[0].value == name


@each_server
def test_the_arguments_start_the_server_with_what_it_needs(name: str) -> None:
    (package,) = Server.model_validate(read(name)).packages
    # Clients run `uvx RUNTIME_ARGUMENTS tao-agent==VERSION PACKAGE_ARGUMENTS`, the package's own name.
    assert project()["scripts"]["tao-agent"] == "tao_servers.launch:main"
    extras = project()["optional-dependencies"].get(name)
    wanted = [("--with", f"tao-agent[{name}]=={package.version}")] if extras else []
    assert [(a.name, a.value) for a in package.runtimeArguments if isinstance(a, Named)] == wanted
    for variable in package.environmentVariables:
        assert re.search(
            rf"\b{variable.name}\b", (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
        )


def test_no_two_entries_have_one_name() -> None:
    assert len({read(name)["name"] for name in NAMES}) == len(NAMES) == 4


@pytest.mark.skipif(SCHEMA is None, reason="TAO_TEST_SERVER_SCHEMA names no schema")
@each_server
def test_an_entry_matches_the_published_schema(name: str) -> None:
    schema = json.loads(Path(SCHEMA or "").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator(schema).validate(read(name))
