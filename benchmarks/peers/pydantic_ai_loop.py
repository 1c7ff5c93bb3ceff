# Its packages are in an environment of their own.
# mypy: disable-error-code="import-not-found"
"""Runs the task of `benchmarks.overhead` with pydantic-ai's Agent."""

import asyncio
from collections.abc import Mapping
from typing import Any

from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from benchmarks.overhead_child import base_url, serve
from benchmarks.overhead_task import INSTRUCTIONS, MODEL, QUESTION, shop__lookup


async def main() -> None:
    """One agent for all runs."""
    model = OpenAIChatModel(MODEL, provider=OpenAIProvider(base_url=base_url(), api_key="none"))
    agent = Agent(model, instructions=INSTRUCTIONS, tools=[shop__lookup])

    async def run(task: Mapping[str, Any]) -> str:
        return str((await agent.run(QUESTION)).output)

    await serve(run, ["pydantic-ai-slim", "openai"])


if __name__ == "__main__":
    asyncio.run(main())
