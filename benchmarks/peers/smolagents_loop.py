# Its packages are in an environment of their own.
# mypy: disable-error-code="import-not-found"
"""Runs the task of `benchmarks.overhead` with smolagents' ToolCallingAgent, which blocks."""

from collections.abc import Mapping
from typing import Any

from smolagents import LogLevel, OpenAIServerModel, ToolCallingAgent, tool

from benchmarks.overhead_child import base_url, serve_blocking
from benchmarks.overhead_task import INSTRUCTIONS, MODEL, QUESTION, shop__lookup

_MOST_STEPS = 1000


def main() -> None:
    """One agent for all runs; each run begins with an empty memory."""
    agent = ToolCallingAgent(
        tools=[tool(shop__lookup)],
        model=OpenAIServerModel(MODEL, api_base=base_url(), api_key="none"),
        instructions=INSTRUCTIONS,
        max_steps=_MOST_STEPS,
        verbosity_level=LogLevel.OFF,
    )

    def run(task: Mapping[str, Any]) -> str:
        return str(agent.run(QUESTION, reset=True))

    serve_blocking(run, ["smolagents", "openai"])


if __name__ == "__main__":
    main()
