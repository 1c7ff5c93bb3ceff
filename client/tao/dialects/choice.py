"""Which way to ask for a step suits which model."""

import re
from collections.abc import Sequence
from pathlib import Path

from tao.dialects.native import ToolsDialect
from tao.dialects.probe import probed
from tao.dialects.schema import SchemaDialect
from tao.dialects.step import Dialect
from tao.dialects.text import TextDialect
from tao.models.chat import ChatModel
from tao.models.openai import OpenAIChat
from tao.settings import DialectName

__all__ = ["choose_dialects", "dialects_for", "measured_dialect"]

# Measured, see docs/models.md: the 0.5B model names the right tool more often in labelled lines, the larger
# one in the schema; neither calls natively as it should.
_MEASURED: tuple[tuple[re.Pattern[str], DialectName], ...] = (
    (re.compile(r"^local-small$|qwen2\.5-coder-0\.5b", re.IGNORECASE), "text"),
    (re.compile(r"^local$|qwen2\.5-coder-1\.5b", re.IGNORECASE), "schema"),
)


def measured_dialect(model: str) -> DialectName | None:
    """The dialect that was measured to suit the model of that name."""
    return next((dialect for pattern, dialect in _MEASURED if pattern.search(model)), None)


async def choose_dialects(
    wanted: DialectName,
    model: ChatModel,
    *,
    base_url: str | None = None,
    memory: Path | None = None,
    prompts: Path | None = None,
) -> Sequence[Dialect]:
    """The dialects to use, each when the one before it does not work out.

    `auto` takes the measured one; a model that was not measured, at the endpoint `base_url`, is probed once,
    and what it can do is remembered in the file `memory`.

    Raises:
        ModelError: the endpoint cannot be reached, or failed.
    """
    if wanted == "auto":
        if isinstance(model, OpenAIChat):
            # What is measured and remembered goes by the name.
            await model.identify()
        wanted = measured_dialect(model.name) or (
            await probed(model, base_url, memory) if base_url and memory else "schema"
        )
        return dialects_for(wanted, prompts=prompts)
    return dialects_for(wanted, prompts=prompts)[:1]


def dialects_for(first: DialectName, *, prompts: Path | None = None) -> Sequence[Dialect]:
    """That dialect, and those to go on in when it does not work out."""
    text = TextDialect(prompts=prompts)
    schema = SchemaDialect(prompts=prompts)
    if first == "text":
        return [text]
    after: list[Dialect] = [schema, SchemaDialect(prompts=prompts, strict=False), text]
    return [ToolsDialect(prompts=prompts), *after] if first == "tools" else after
