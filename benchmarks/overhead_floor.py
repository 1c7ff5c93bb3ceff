"""The floor: the same growing conversation posted with httpx, and nothing done with the replies."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import httpx

from benchmarks.overhead_child import base_url, serve


async def main() -> None:
    """Post the bodies of each task one after another."""
    async with httpx.AsyncClient(trust_env=False) as client:

        async def run(task: Mapping[str, Any]) -> str:
            last = ""
            for body in task["bodies"]:
                url = f"{base_url()}/chat/completions"
                if body.get("stream"):
                    last = await _streamed(client, url, body)
                else:
                    last = (await client.post(url, json=body)).json()["id"]
            return last

        await serve(run, ["httpx"])


async def _streamed(client: httpx.AsyncClient, url: str, body: Mapping[str, Any]) -> str:
    last = ""
    async with client.stream("POST", url, json=body) as response:
        async for line in response.aiter_lines():
            if line.startswith("data: {"):
                last = json.loads(line[6:])["id"]
    return last


if __name__ == "__main__":
    asyncio.run(main())
