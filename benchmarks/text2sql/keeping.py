"""Where the replies of a model are kept, and what they depend on."""

from pathlib import Path
from typing import Any

import anyio

from benchmarks.model_cache import Replies
from benchmarks.text2sql.opening import Endpoint
from tao.settings import ModelSettings

__all__ = ["replies_of"]


def replies_of(
    there: Endpoint, settings: ModelSettings, turn: anyio.Semaphore, folder: Path | None
) -> Replies:
    """The replies of the model that answers at `there`, of which `settings` say how it is asked.

    An endpoint may serve one model after another; one that answers several requests at once takes other
    times for them. The embedded model's address differs from start to start, and says nothing of the model.
    """
    depends_on: dict[str, Any] = settings.model_dump(
        mode="json", include={"name", "base_url", "temperature", "max_tokens", "extra_body"}
    )
    if settings.base_url is not None:
        depends_on["name"] = there.name
    if there.slots > 1:
        depends_on["slots"] = there.slots
    return Replies(folder, depends_on, turn)
