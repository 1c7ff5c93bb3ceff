"""What the tests of tao-weather as a process share."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from mcp import StdioServerParameters
from mcp.types import CallToolResult

from tests.support.hosts_fixtures import processes, programs
from tests.support.weather_service import WeatherService, weather_service

__all__ = ["entry", "processes", "programs", "said"]


@pytest.fixture
def service() -> Iterator[WeatherService]:
    """Every provider, on loopback."""
    with weather_service() as serving:
        yield serving


def entry(variables: Mapping[str, str], folder: Path) -> StdioServerParameters:
    """The process, with its cache in `folder` and these variables."""
    env = {"TAO_WEATHER_CACHE": str(folder / "cache"), "HOME": str(folder), **variables}
    return StdioServerParameters(command=sys.executable, args=["-m", "tao_servers.weather"], env=env)


def said(reply: CallToolResult) -> str:
    """What the reader of a result sees."""
    return "\n".join(block.text for block in reply.content if block.type == "text")
