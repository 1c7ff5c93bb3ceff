"""Which models an OpenAI-compatible endpoint has."""

import json
from dataclasses import dataclass
from functools import partial

import httpx

from tao.errors import ModelError
from tao.models.openai_address import Address
from tao.models.openai_exchange import Limits, fetch
from tao.models.openai_failures import Failures, NoSuchModelError, plain
from tao.models.retrying import retried

__all__ = ["Catalogue"]

NAMES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The endpoint's list of models, asked for anew each time."""

    address: Address
    failures: Failures
    limits: Limits
    attempts: int
    backoff: float

    async def names(self, client: httpx.AsyncClient, *, attempts: int | None = None) -> list[str]:
        """All names, in the endpoint's order.

        Raises:
            ModelError: the endpoint cannot be reached, or has no such list.
        """
        request = client.build_request("GET", self.address.of("models"))
        call = partial(fetch, client, request, self.failures, self.limits)
        body = await retried(call, attempts=attempts or self.attempts, backoff=self.backoff)
        text = body.decode("utf-8", "replace")
        try:
            listed = json.loads(text)
        except (ValueError, RecursionError) as exc:
            raise self.failures.unreadable(text) from exc
        entries = listed.get("data") if isinstance(listed, dict) else None
        ids = [e.get("id") for e in entries if isinstance(e, dict)] if isinstance(entries, list) else []
        return [name for name in ids if isinstance(name, str) and name]

    async def first(self, client: httpx.AsyncClient) -> str:
        """The name of the first model.

        Raises:
            ModelError: the endpoint cannot be reached, or names none.
        """
        try:
            names = await self.names(client)
        except ModelError as exc:
            if exc.status not in {404, 405}:
                raise
            names = []
        if not names:
            raise ModelError(
                f"{self.address} names no model at /models. Does TAO_MODEL_BASE_URL end in /v1? "
                "Else set TAO_MODEL_NAME."
            )
        return names[0]

    async def instead(self, client: httpx.AsyncClient, wanted: str, refusal: NoSuchModelError) -> ModelError:
        """The error for a model that is not there, with the names of those that are."""
        try:
            names = await self.names(client, attempts=1)
        except ModelError:
            return ModelError(f"{refusal} Set TAO_MODEL_NAME to one that it has.", status=refusal.status)
        shown = ", ".join(repr(plain(name, 100)) for name in names[:NAMES_SHOWN]) or "none"
        more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
        return ModelError(
            f"{self.address} has no model {plain(wanted, 100)!r}. It has {shown}{more}. "
            "Set TAO_MODEL_NAME to one of these.",
            status=refusal.status,
        )
