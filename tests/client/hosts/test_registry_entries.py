"""`server.json` of each server, in the form of the MCP registry (schema of 2025-12-11)."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

ROOT = Path(__file__).parents[3]
SERVERS = ROOT / "servers" / "tao_servers"
NAMES = sorted(path.parent.name for path in SERVERS.glob("*/__main__.py"))
SCHEMA = json.loads(Path(__file__).with_name("server-json.schema.json").read_text(encoding="utf-8"))
RULES = jsonschema.Draft202012Validator(SCHEMA)
each_server = pytest.mark.parametrize("name", NAMES)


def entry(name: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((SERVERS / name / "server.json").read_text(encoding="utf-8"))
    return value


def project() -> dict[str, Any]:
    value: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return value


@each_server
def test_an_entry_matches_the_published_schema(name: str) -> None:
    server = entry(name)
    assert server["$schema"] in SCHEMA["$comment"]
    RULES.validate(server)


@pytest.mark.parametrize(
    "slip",
    [
        {"name": "tao-info"},
        {"description": "x" * 101},
        {"packages": [{"registryType": "pypi", "identifier": "tao-agent"}]},
        {
            "packages": [
                {
                    "registryType": "pypi",
                    "identifier": "x",
                    "version": "latest",
                    "transport": {"type": "stdio"},
                }
            ]
        },
    ],
    ids=["no namespace", "long description", "no transport", "latest"],
)
def test_the_check_sees_a_slip(slip: dict[str, Any]) -> None:
    assert not RULES.is_valid({**entry("get_info"), **slip})


@each_server
def test_an_entry_starts_its_server_with_what_it_needs(name: str) -> None:
    server = entry(name)
    (package,) = server["packages"]
    version = project()["version"]
    assert (server["version"], package["version"], package["identifier"]) == (
        version,
        version,
        project()["name"],
    )
    assert package["packageArguments"][0] == {"type": "positional", "value": name}
    # Clients run `uvx RUNTIME_ARGUMENTS tao-agent==VERSION PACKAGE_ARGUMENTS`, the package's own name.
    assert project()["scripts"]["tao-agent"] == "tao_servers.launch:main"
    extras = project()["optional-dependencies"].get(name)
    wanted = [("--with", f"tao-agent[{name}]=={version}")] if extras else []
    assert [(one["name"], one["value"]) for one in package.get("runtimeArguments", ())] == wanted


@each_server
def test_an_entry_names_variables_that_are_documented(name: str) -> None:
    documented = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    for variable in entry(name)["packages"][0].get("environmentVariables", ()):
        assert re.search(rf"\b{variable['name']}\b", documented), variable["name"]


def test_each_entry_has_a_name_of_its_own_that_the_readme_confirms() -> None:
    # The registry reads the package's README for these lines before it accepts an entry.
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    names = {entry(name)["name"] for name in NAMES}
    assert len(names) == len(NAMES) == 4
    assert all(f"mcp-name: {name}" in readme for name in names)
