"""Questions to a database, with real weights in a real process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import anyio
import pytest
from mcp import Client

from tao.models.chat import ChatModel, ChatRequest, Completion, Message
from tao.models.local.fetch import models_dir
from tao.models.opening import open_model
from tao.settings import ModelSettings
from tao_servers.text2sql.server import build_server
from tao_servers.text2sql.tools import Databases
from tests.support.sql_server import data_of, database_at

pytestmark = pytest.mark.real

COMMAND = [sys.executable, "-m", "tao_servers.text2sql"]
SMALL = ModelSettings(name="local-small", idle_seconds=0)
# As long as an agent's prompt with its tools.
AGENT = "You are an agent with tools. " + " ".join(
    f"Tool {number} does thing {number}." for number in range(60)
)


@pytest.fixture
def weights(folder: Path) -> None:
    models_dir().parent.mkdir(parents=True)
    models_dir().symlink_to(folder, target_is_directory=True)


@pytest.fixture
def shop(repository: Path, tmp_path: Path) -> Path:
    path = tmp_path / "shop.sqlite"
    subprocess.run([sys.executable, repository / "examples/make_shop.py", path], check=True, timeout=60)
    return path


@pytest.mark.smoke
@pytest.mark.usefixtures("weights")
def test_the_command_answers_from_a_database(shop: Path) -> None:
    done = subprocess.run(
        [
            *COMMAND,
            "ask",
            "How many orders are there?",
            "--db",
            str(shop),
            "--model",
            "local-small",
            "--json",
        ],
        env=os.environ | {"TAO_MODEL_IDLE_SECONDS": "0"},
        capture_output=True,
        timeout=250,
    )
    assert done.returncode == 0, done.stderr.decode()
    found = json.loads(done.stdout)
    assert found["rows"] == [[5432]]
    assert "5432" in found["answer"]


@pytest.mark.usefixtures("weights")
async def test_a_question_leaves_the_prompt_of_the_agent_in_the_cache(shop: Path) -> None:
    with anyio.fail_after(300):
        async with open_model(SMALL) as agent:
            await said(agent, "One.")
            with Databases([database_at(shop)]) as databases:
                # No model is set there: it takes the one that is running.
                async with Client(build_server(databases)) as client:
                    for question in ("How many customers are there?", "How many orders are there?"):
                        reply = await client.call_tool("ask_database", {"question": question})
                        assert data_of(reply)["rows"]
            again = await said(agent, "Two.")
    assert again.usage.cached_tokens > 0.8 * again.usage.prompt_tokens


async def said(model: ChatModel, text: str) -> Completion:
    request = ChatRequest([Message("system", AGENT), Message("user", text)], max_tokens=4)
    pieces = [piece async for piece in model.stream(request)]
    assert isinstance(pieces[-1], Completion)
    return pieces[-1]
