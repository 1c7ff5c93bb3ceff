"""Open-Meteo's published OpenAPI description: ours agrees with it, and a mock of it serves tao-weather."""

import datetime
import json
import os
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client

from tests.real.weather.conftest import entry, said
from tests.support.hosts_processes import Family
from tests.support.weather import openmeteo
from tests.support.weather.description import Description, parameters_of

pytestmark = pytest.mark.real

_ROOT = Path(__file__).parent.parent.parent
_OURS = Description.read(_ROOT / "servers" / "weather" / "spec" / "open-meteo.yml").document
_PATHS = {"/v1/forecast": "forecast", "/v1/air-quality": "air-quality"}
# With the times as tao-weather asks for them: the mock does not compute what was asked.
_SHANGHAI = {
    "latitude": "31.2",
    "longitude": "121.5",
    "timezone": "Asia/Shanghai",
    "timeformat": "unixtime",
}


@pytest.fixture(scope="session")
def published() -> dict[str, Any]:
    """The published files, by path."""
    import yaml  # type: ignore[import-untyped, unused-ignore]

    folder = Path(os.environ.get("TAO_TEST_HOSTS") or "nowhere") / "specs"
    archives = sorted(folder.glob("action0_open_meteo_api-*.tar.gz"))
    if not archives:
        pytest.skip("TAO_TEST_HOSTS has no specs/ with Open-Meteo's description; run: make hosts")
    found: dict[str, Any] = {}
    with tarfile.open(archives[-1]) as archive:
        for member in archive.getmembers():
            name = Path(member.name)
            if name.parent.name == "schemas" and name.stem in _PATHS.values():
                file = archive.extractfile(member)
                assert file is not None
                found |= yaml.safe_load(file)["paths"]
    return found


@pytest.mark.parametrize("path", _PATHS)
def test_our_description_says_nothing_that_the_published_one_does_not(
    published: dict[str, Any], path: str
) -> None:
    theirs = parameters_of({"paths": published}, path)
    for name, ours in parameters_of(_OURS, path).items():
        assert name in theirs
        assert ours.get("required", False) == theirs[name].get("required", False)
        # A coordinate is text there, since there may be several.
        if name not in ("latitude", "longitude"):
            assert not narrower(ours["schema"], theirs[name]["schema"]), name


def narrower(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """What ours permits and theirs does not."""
    if ours.get("type") == "array":
        assert theirs["type"] == "array"
        return narrower(ours["items"], theirs["items"])
    limits = [key for key in ("minimum", "maximum") if ours.get(key) != theirs.get(key)]
    return [*limits, *sorted(set(ours.get("enum", ())) - set(theirs.get("enum", ours.get("enum", ()))))]


@pytest.mark.parametrize("path", _PATHS)
def test_what_our_reply_holds_is_in_the_published_one(published: dict[str, Any], path: str) -> None:
    reply = _examples()[path]
    schema = published[path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    for part, values in reply.items():
        assert part in schema["properties"]
        if isinstance(values, dict):
            assert set(values) <= set(schema["properties"][part]["properties"]) | {"interval"}


@pytest.fixture
def mock(programs: Path, published: dict[str, Any], processes: Family) -> Iterator[str]:
    """The address of a mock: published requests, and replies for Shanghai."""
    prism = programs / "prism"
    if not prism.exists():
        pytest.skip("TAO_TEST_HOSTS has no prism; run: make hosts")
    # Open-Meteo publishes no description of its geocoder: for that one path ours stands in.
    paths = {path: published[path] for path in _PATHS} | {"/v1/search": _OURS["paths"]["/v1/search"]}
    for path, example in _examples().items():
        paths[path].pop("servers", None)
        paths[path]["get"]["responses"]["200"]["content"]["application/json"]["example"] = example
    info = {"title": "Open-Meteo", "version": "1"}
    document = {"openapi": "3.1.0", "info": info, "paths": paths, "components": _OURS["components"]}
    file = processes.folder / "open-meteo.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    # It says its address on stdout, and needs the `node` that was installed beside it.
    command = ["sh", "-c", 'exec "$0" mock --port 0 --host 127.0.0.1 "$1" >&2', str(prism), str(file)]
    env = processes.environment()
    env["PATH"] = f"{programs}{os.pathsep}{env['PATH']}"
    with processes.serving(command, env=env) as port:
        yield f"http://127.0.0.1:{port}"


def _examples() -> dict[str, Any]:
    """A reply for each path, with everything that our description knows and the computed weather has."""
    known: dict[str, Mapping[str, object]] = {
        "current": openmeteo.HOURLY,
        "hourly": openmeteo.HOURLY,
        "daily": openmeteo.DAILY,
    }
    forecast = {
        part: ",".join(_asked_for("/v1/forecast", part) & set(values)) for part, values in known.items()
    }
    air = {
        part: ",".join(_asked_for("/v1/air-quality", part) & set(openmeteo.AIR))
        for part in ("current", "hourly")
    }
    return {
        "/v1/forecast": openmeteo.forecast(_SHANGHAI | forecast | {"forecast_days": "16"}),
        "/v1/air-quality": openmeteo.air_quality(_SHANGHAI | air),
        "/v1/search": openmeteo.search({"name": "Geiranger"}),
    }


def _asked_for(path: str, part: str) -> set[str]:
    return set(parameters_of(_OURS, path)[part]["schema"]["items"]["enum"])


def _variables(address: str) -> dict[str, str]:
    names = {"FORECAST": "/v1/forecast", "AIR_QUALITY": "/v1/air-quality", "GEOCODING": "/v1/search"}
    return {
        **{f"TAO_WEATHER_{name}_URL": address + path for name, path in names.items()},
        "TAO_WEATHER_SOURCES": '["open-meteo"]',
        "NO_PROXY": "127.0.0.1",
    }


async def test_the_mock_of_the_published_description_serves_the_process(mock: str, tmp_path: Path) -> None:
    with anyio.fail_after(120):
        async with Client(entry(_variables(mock), tmp_path)) as client:
            for arguments in (
                {"place": "上海", "when": "明天", "air_quality": True},
                {"place": "上海", "days": 16},
                {"place": "上海", "days": 2, "detail": "hourly"},
                {"place": "上海", "detail": "now", "air_quality": True},
            ):
                reply = await client.call_tool("get_forecast", arguments)
                assert not reply.is_error, said(reply)
            tomorrow = await client.call_tool("get_forecast", {"place": "上海", "when": "明天"})
            found = await client.call_tool("find_place", {"name": "Geiranger"})
    date = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8))).date()
    assert (date + datetime.timedelta(1)).isoformat() in said(tomorrow)
    assert "12" in said(tomorrow)
    assert "Møre og Romsdal" in said(found)


async def test_the_mock_refuses_what_is_not_described(mock: str, tmp_path: Path) -> None:
    variables = _variables(mock)
    variables["TAO_WEATHER_FORECAST_URL"] += "?cell_selection=moon"
    with anyio.fail_after(60):
        async with Client(entry(variables, tmp_path)) as client:
            reply = await client.call_tool("get_forecast", {"place": "Oslo"})
    assert reply.is_error
    assert "open-meteo refused the request (400" in said(reply)
