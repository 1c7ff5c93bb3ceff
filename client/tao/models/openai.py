"""A chat model behind an OpenAI-compatible endpoint: vLLM, SGLang, llama.cpp, Ollama, the hosted APIs."""

import os
from collections.abc import AsyncGenerator, Mapping
from functools import partial
from types import TracebackType
from typing import Any, Self

import anyio
import httpx

from tao.errors import ConfigError, ModelError
from tao.models.chat import ChatRequest, Completion, Delta
from tao.models.openai_address import Address
from tao.models.openai_catalogue import Catalogue
from tao.models.openai_exchange import Exchange, Limits
from tao.models.openai_failures import Failures, NoSuchModelError
from tao.models.retrying import retried
from tao.settings import ModelSettings

__all__ = ["OpenAIChat"]


class OpenAIChat:
    """Stream chat replies from `base_url`; open it with `async with`.

    All times are seconds: `first_token_timeout` counts from sending to the first token, `token_timeout`
    from one token to the next, `backoff` is the first wait before another of the `attempts`. The fields of
    `extra_body` win over all others, and one that is None is left out of the request. Without a `name`, the
    endpoint is asked for its first model.

    Raises:
        ConfigError: `base_url` or `api_key` cannot be right.
    """

    def __init__(
        self,
        base_url: str,
        *,
        name: str | None = None,
        api_key: str | None = None,
        extra_body: Mapping[str, Any] | None = None,
        max_tokens: int = 1024,
        temperature: float = 0.0,
        connect_timeout: float = 10.0,
        first_token_timeout: float = 180.0,
        token_timeout: float = 60.0,
        reply_limit: int = 8_000_000,
        attempts: int = 4,
        backoff: float = 0.5,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._address = Address(base_url)
        self._api_key = _checked_key(api_key)
        self._name = name
        self._extra_body = dict(extra_body or {})
        self._max_tokens = max_tokens
        self._temperature = temperature
        self._limits = Limits(connect_timeout, first_token_timeout, token_timeout, reply_limit)
        self._attempts = attempts
        self._backoff = backoff
        self._transport = transport
        self._failures = Failures(str(self._address), self._api_key)
        self._catalogue = Catalogue(self._address, self._failures, self._limits, attempts, backoff)
        self._client: httpx.AsyncClient | None = None
        self._naming = anyio.Lock()
        self._takes_stream_options = True

    @classmethod
    def from_settings(
        cls,
        settings: ModelSettings,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> Self:
        """Make the model that `settings` describe; `environ` holds the key that `api_key_env` names.

        Raises:
            ConfigError: there is no `base_url`, or the key's variable is not set.
        """
        if settings.base_url is None:
            raise ConfigError(
                "No model endpoint is set. Set TAO_MODEL_BASE_URL to a URL like 'http://127.0.0.1:8000/v1'."
            )
        return cls(
            settings.base_url,
            name=settings.name,
            api_key=_key_of(settings, environ),
            extra_body=settings.extra_body,
            max_tokens=settings.max_tokens,
            temperature=settings.temperature,
            connect_timeout=settings.connect_timeout,
            first_token_timeout=settings.first_token_timeout,
            token_timeout=settings.token_timeout,
            attempts=settings.attempts,
            transport=transport,
        )

    async def __aenter__(self) -> Self:
        if self._client is not None:
            raise RuntimeError("This OpenAIChat was opened before. Make a new one.")
        headers = {"Accept": "text/event-stream, application/json", "Accept-Encoding": "identity"}
        if self._api_key:
            headers["Authorization"] = f"Bearer {self._api_key}"
        self._client = httpx.AsyncClient(
            headers=headers,
            # Exchange bounds all waits but this one: httpx would start anew with each byte read.
            timeout=httpx.Timeout(None, connect=self._limits.connect),
            mounts=self._address.direct(),
            transport=self._transport,
        )
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._opened().aclose()

    @property
    def name(self) -> str:
        """The model's name; empty as long as the endpoint has not been asked for it."""
        return self._name or ""

    async def identify(self) -> str:
        """The model's name, for which the endpoint is asked where none was given.

        Raises:
            ModelError: the endpoint cannot be reached, or names no model.
        """
        return await self._ask_name(self._opened())

    async def models(self) -> list[str]:
        """The names of the endpoint's models.

        Raises:
            ModelError: the endpoint cannot be reached, or has no list of models.
        """
        return await self._catalogue.names(self._opened())

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta | Completion, None]:
        """Yield the reply piece by piece, then, last, the whole; see `ChatModel`.

        Raises:
            ModelError: naming the URL, what was seen and what to do.
        """
        exchange, deltas = await self._begin(request)
        try:
            while True:
                for delta in deltas:
                    yield delta
                if exchange.ended:
                    break
                deltas = await exchange.more()
            completion = exchange.completion()
        finally:
            await exchange.close()
        yield completion

    async def _begin(self, request: ChatRequest) -> tuple[Exchange, list[Delta]]:
        client = self._opened()
        body = self._body(await self._ask_name(client), request)
        try:
            return await self._open(client, body)
        except NoSuchModelError as exc:
            raise await self._catalogue.instead(client, str(body.get("model")), exc) from exc
        except ModelError as exc:
            # Servers older than this field refuse what they do not know.
            if exc.status not in {400, 422} or "stream_options" not in str(exc):
                raise
        self._takes_stream_options = False
        body.pop("stream_options", None)
        return await self._open(client, body)

    async def _open(self, client: httpx.AsyncClient, body: dict[str, Any]) -> tuple[Exchange, list[Delta]]:
        request = client.build_request("POST", self._address.of("chat/completions"), json=body)
        call = partial(Exchange.open, client, request, self._failures, self._limits)
        return await retried(call, attempts=self._attempts, backoff=self._backoff)

    def _body(self, model: str, request: ChatRequest) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": model,
            "messages": [message.as_json() for message in request.messages],
            "max_tokens": self._max_tokens if request.max_tokens is None else request.max_tokens,
            "temperature": self._temperature if request.temperature is None else request.temperature,
            "stream": True,
        }
        if self._takes_stream_options:
            body["stream_options"] = {"include_usage": True}
        if request.stop:
            body["stop"] = list(request.stop)
        if request.response_format is not None:
            body["response_format"] = dict(request.response_format)
        if request.tools:
            body["tools"] = list(request.tools)
        body |= self._extra_body
        if not body["stream"]:
            body.pop("stream_options", None)
        return {key: value for key, value in body.items() if value is not None}

    async def _ask_name(self, client: httpx.AsyncClient) -> str:
        async with self._naming:
            self._name = self._name or await self._catalogue.first(client)
        return self._name

    def _opened(self) -> httpx.AsyncClient:
        if self._client is None or self._client.is_closed:
            raise RuntimeError("This OpenAIChat is not open. Use it inside `async with`.")
        return self._client


def _key_of(settings: ModelSettings, environ: Mapping[str, str]) -> str | None:
    if settings.api_key is not None:
        return settings.api_key.get_secret_value()
    if settings.api_key_env is None:
        return None
    if settings.api_key_env not in environ:
        raise ConfigError(
            f"The API key should be in the environment variable {settings.api_key_env!r} "
            "(TAO_MODEL_API_KEY_ENV), which is not set."
        )
    return environ[settings.api_key_env]


def _checked_key(key: str | None) -> str | None:
    key = (key or "").strip()
    if not key.isascii() or not key.isprintable() or " " in key:
        # The key itself must not be shown.
        raise ConfigError(
            "The API key holds characters that no key has (spaces, line ends, or other than ASCII). "
            "Set TAO_MODEL_API_KEY again."
        )
    return key or None
