"""Makes the collection, and opens the model and the servers as the agent has them."""

import os
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from benchmarks.conversations import prepare
from benchmarks.model_cache import Replies
from benchmarks.when_to_retrieve.modes import Bench
from tao.dialects import choose_dialects
from tao.models.opening import open_model
from tao.settings import ModelSettings, Settings, cache_dir
from tao.toolbox import Approval, Primary, Servers, ToolListCache, ToolSpec, load_servers

__all__ = ["ingest", "opened"]

_SETUP_SECONDS = 300
# What the agent shows an embedded model of an observation, and any other one.
_EMBEDDED_CHARS, _CHARS = 3000, 8000


def ingest(passages: Mapping[str, str], folder: Path) -> Path:
    """Take `passages` in beside the example data, in `folder`; returns the list of servers on them."""
    config = prepare(folder)
    files = folder / "passages"
    files.mkdir()
    for id_, text in passages.items():
        (files / f"{id_}.txt").write_text(text, encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "tao_servers.knowledge", "ingest", files],
        check=True,
        env=os.environ | {"TAO_KNOWLEDGE_PATH": str(folder / "knowledge")},
        stdout=sys.stderr,
        timeout=_SETUP_SECONDS,
    )
    return config


@asynccontextmanager
async def opened(
    settings: Settings, config: Path, *, kept: bool, logs: Path, say: Callable[[str], None]
) -> AsyncGenerator[Bench, None]:
    """The model of the settings and the servers of the list `config`; `kept` tells whether replies are.

    Raises:
        ConfigError, ModelError, ServerError: something cannot be opened.
    """
    embedded = settings.model.base_url is None
    async with (
        open_model(settings.model, notify=say) as model,
        Servers(
            load_servers(config),
            settings=settings.agent,
            environ=os.environ,
            cache=ToolListCache(config.parent / "tools"),
            notify=say,
        ) as servers,
    ):
        await servers.load()
        dialects = await choose_dialects(
            settings.model.dialect,
            model,
            base_url=settings.model.base_url,
            memory=cache_dir() / "dialects.json",
            prompts=settings.agent.prompts,
        )
        approved = Approval(servers, _deny)
        yield Bench(
            model=model,
            replies=_replies(settings.model, kept=kept),
            toolbox=Primary(approved) if embedded else approved,
            dialects=dialects,
            settings=settings.agent,
            chars=settings.agent.observation_chars or (_EMBEDDED_CHARS if embedded else _CHARS),
            logs=logs,
        )


async def _deny(tool: ToolSpec, arguments: Mapping[str, Any]) -> bool:
    return False


def _replies(settings: ModelSettings, *, kept: bool) -> Replies:
    # The embedded model's address differs from start to start, and says nothing of the model.
    depends_on = settings.model_dump(
        mode="json", include={"name", "base_url", "temperature", "max_tokens", "extra_body"}
    )
    return Replies(cache_dir() / "benchmarks" / "replies" if kept else None, depends_on)
