# Its packages are in an environment of their own.
# mypy: disable-error-code="import-not-found"
"""Runs the task of `benchmarks.overhead` with LangGraph's prebuilt agent."""

import asyncio
from collections.abc import Mapping
from typing import Any

from langchain_openai import ChatOpenAI
from langgraph.prebuilt import create_react_agent

from benchmarks.overhead_child import base_url, serve
from benchmarks.overhead_task import INSTRUCTIONS, MODEL, QUESTION, shop__lookup

_MOST_SUPERSTEPS = 1000


async def main() -> None:
    """One graph for all runs."""
    model = ChatOpenAI(model=MODEL, base_url=base_url(), api_key="none")
    graph = create_react_agent(model, [shop__lookup], prompt=INSTRUCTIONS)

    async def run(task: Mapping[str, Any]) -> str:
        asked = {"messages": [("user", QUESTION)]}
        state = await graph.ainvoke(asked, {"recursion_limit": _MOST_SUPERSTEPS})
        return str(state["messages"][-1].content)

    await serve(run, ["langgraph", "langgraph-prebuilt", "langchain-openai", "langchain-core", "openai"])


if __name__ == "__main__":
    asyncio.run(main())
