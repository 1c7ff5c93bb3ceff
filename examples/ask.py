"""Ask one question from Python and watch the run: `python examples/ask.py "QUESTION"`."""

import sys

import anyio

from tao import Action, Agent, Answer, Observation


async def main(question: str) -> None:
    """Print what is called, what comes of it, and the answer with its sources."""
    async with Agent.from_config("cline_config.json") as agent:
        async for event in agent.run(question):
            match event:
                case Action():
                    print("Action:", event.tool, event.arguments)
                case Observation():
                    print("Observation:", event.text)
                case Answer():
                    print("Answer:", event.text, *(citation.source for citation in event.citations))


if __name__ == "__main__":
    anyio.run(main, sys.argv[1])
