"""JSON in, JSON out: blocking calls to a service that has embeddings or scores, with retries and limits."""

import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
import stamina

from tao.errors import ConfigError, ModelError
from tao.models.openai_address import Address
from tao.models.openai_failures import Failures
from tao.models.retrying import LONGEST_WAIT, TransientModelError

__all__ = ["Service", "TooMuchError"]

E = TypeVar("E", bound=Exception)

_REPLY_BYTES = 256 * 1024 * 1024
_ERROR_CHARS = 20_000
_PATHS = re.compile(r"/(?:embeddings|rerank)/?(?=$|\?)")
_VERSION = re.compile(r"/v1/?(?=$|\?)")
# What OpenAI, vLLM, TEI, Ollama and others say of a batch or a text that is too large for them.
_TOO_MUCH = re.compile(
    r"too (?:long|large|many|big)|maximum|must have less|at most \d|exceed|context length|longer than",
    re.IGNORECASE,
)
_WINDOW = re.compile(
    r"(?:context length (?:is|of)|model length(?: of)?|must have less than|at most)\D{0,3}(\d{1,7}) tokens",
    re.IGNORECASE,
)


class TooMuchError(ModelError):
    """The service takes no request as large as this; the caller may send less.

    `window` is how many tokens of one text it reads, where it says so.
    """

    def __init__(self, message: str, *, status: int, window: int | None) -> None:
        super().__init__(message, status=status)
        self.window = window


class Service:
    """The paths below `base_url`, asked one after another; it may be used from any thread.

    `timeout` bounds a try in seconds, `backoff` is the first wait before another of the `attempts`. Messages
    name the settings `url_setting` and `key_setting`. A `client` that was given is left open by `close`.

    Raises:
        ConfigError: `base_url` or `api_key` cannot be right.
    """

    def __init__(
        self,
        base_url: str,
        *,
        url_setting: str,
        key_setting: str = "TAO_KNOWLEDGE_API_KEY_ENV",
        api_key: str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 30.0,
        attempts: int = 4,
        backoff: float = 0.5,
        client: httpx.Client | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url_setting = url_setting
        self._key_setting = key_setting
        key = (api_key or "").strip()
        if not key.isascii() or not key.isprintable() or " " in key:
            # The key itself must not be shown.
            raise ConfigError(f"The API key holds characters that no key has. See what {key_setting} names.")
        try:
            base = _PATHS.sub("", base_url.strip())
            self.address, self._root = Address(base), Address(_VERSION.sub("", base))
        except ConfigError as exc:
            raise self._told(exc) from exc
        self._headers = {"Accept": "application/json", "Accept-Encoding": "identity", **(headers or {})}
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        self._failures = Failures(str(self.address), key or None)
        self._timeout = timeout
        self._attempts = attempts
        self._backoff = backoff
        self._clock = clock
        self._given = client
        self._own: httpx.Client | None = None
        self._opening = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back; a later call opens new ones."""
        with self._opening:
            own, self._own = self._own, None
        if own is not None:
            own.close()

    def ask(self, path: str, body: Mapping[str, Any] | None = None, *, root: bool = False) -> Any:
        """POST `body`, or GET without one; `root` leaves out the `/v1` at the end of the base URL.

        Raises:
            TooMuchError: the request is too large for the service.
            ModelError: naming the URL, what was seen and what to do.
        """
        address = self._root if root else self.address
        client = self._client()
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        headers = self._headers if data is None else {**self._headers, "Content-Type": "application/json"}
        method = "GET" if data is None else "POST"
        request = client.build_request(
            method, address.of(path), content=data, headers=headers, timeout=self._timeout
        )
        try:
            for attempt in self._tries():
                with attempt:
                    return self._once(client, request)
        except TransientModelError as exc:
            tried = f" (Tried {self._attempts} times.)" if self._attempts > 1 else ""
            raise ModelError(f"{exc}{tried}", status=exc.status) from exc
        raise AssertionError("stamina makes at least one attempt")

    def wrong(self, what: str, *, remedy: str = "See the server's log.") -> ModelError:
        """The error for a reply that is JSON and not what was asked for."""
        return ModelError(f"{self.address} answered with {what}. {remedy}")

    def _tries(self) -> Any:
        return stamina.retry_context(
            on=_wait_for,
            attempts=self._attempts,
            timeout=None,
            wait_initial=self._backoff,
            wait_max=LONGEST_WAIT,
            wait_jitter=self._backoff,
        )

    def _once(self, client: httpx.Client, request: httpx.Request) -> Any:
        try:
            response = client.send(request, stream=True)
            try:
                body = self._read(response)
            finally:
                response.close()
        except httpx.ConnectTimeout as exc:
            raise self._told(self._failures.unreachable(exc, started=False)) from exc
        except httpx.TimeoutException as exc:
            raise self._slow() from exc
        except httpx.RequestError as exc:
            raise self._told(self._failures.unreachable(exc, started=False)) from exc
        return self._value(response, body)

    def _read(self, response: httpx.Response) -> bytes:
        deadline = self._clock() + self._timeout
        body = bytearray()
        for block in response.iter_bytes():
            body += block
            if len(body) > _REPLY_BYTES:
                raise self.wrong(f"more than {_REPLY_BYTES:,} bytes")
            # httpx would start its clock anew with each byte.
            if self._clock() > deadline:
                raise self._slow()
        return bytes(body)

    def _value(self, response: httpx.Response, body: bytes) -> Any:
        status, kind = response.status_code, response.headers.get("content-type", "")
        if not response.is_success:
            text = body[:_ERROR_CHARS].decode("utf-8", "replace")
            failure = self._told(self._failures.refused(status, response.headers, text))
            if status == 413 or (status in {400, 422} and _TOO_MUCH.search(text)):
                window = _WINDOW.search(text)
                raise TooMuchError(str(failure), status=status, window=int(window[1]) if window else None)
            raise failure
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as exc:
            failure = (
                self._failures.not_the_api(kind)
                if "html" in kind
                else self._failures.unreadable(body[:_ERROR_CHARS].decode("utf-8", "replace"))
            )
            raise self._told(failure) from exc

    def _client(self) -> httpx.Client:
        if self._given is not None:
            return self._given
        with self._opening:
            if self._own is None:
                self._own = httpx.Client(mounts=self.address.direct())
            return self._own

    def _slow(self) -> TransientModelError:
        return TransientModelError(
            f"{self.address} did not answer within {self._timeout:g} s. Is the model still loading, or the "
            f"server busy? See its log, and whether {self._url_setting} is right."
        )

    def _told(self, exc: E) -> E:
        # These texts were written for the chat model's settings.
        text = str(exc).replace("TAO_MODEL_BASE_URL", self._url_setting)
        exc.args = (text.replace("TAO_MODEL_API_KEY", self._key_setting), *exc.args[1:])
        return exc


def _wait_for(exc: Exception) -> bool | float:
    if not isinstance(exc, TransientModelError):
        return False
    return True if exc.wait is None else exc.wait
