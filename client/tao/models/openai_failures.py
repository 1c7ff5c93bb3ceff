"""One clear line for each way in which an endpoint can fail."""

import json
import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from tao.errors import ModelError, PromptTooLongError
from tao.models.retrying import RETRIED_STATUSES, TransientModelError, seconds_to_wait

__all__ = ["Failures", "NoSuchModelError", "plain"]

REPORT_CHARS = 300
# What OpenAI, vLLM, SGLang, llama.cpp, TGI and others say of a prompt that does not fit.
_TOO_LONG = re.compile(
    r"context[ _](?:length|size|window)|maximum model length|prompt is too long|max_new_tokens`? must be",
    re.IGNORECASE,
)
_WINDOW = re.compile(
    r"(?:context length (?:is|of)|context (?:length|size) \(|model length of|must be <=|tokens >)\s*(\d+)",
    re.IGNORECASE,
)
_TRANSIENT = (httpx.NetworkError, httpx.ConnectTimeout, httpx.RemoteProtocolError)


class NoSuchModelError(ModelError):
    """The endpoint works, and has no model of that name."""


@dataclass(frozen=True)
class Failures:
    """Makes the error for what was seen of the endpoint at `where`; never shows `secret`."""

    where: str
    secret: str | None = field(default=None, repr=False)

    def unreachable(self, exc: httpx.RequestError, *, started: bool) -> ModelError:
        """The request failed below HTTP, after or before the reply had `started`."""
        text = self._network_text(exc, started=started)
        # A certificate does not get better by asking again.
        if started or not isinstance(exc, _TRANSIENT) or _caused_by(exc, ssl.SSLError):
            return ModelError(text)
        return TransientModelError(text)

    def _network_text(self, exc: httpx.RequestError, *, started: bool) -> str:
        seen = self.shown(str(exc)) or type(exc).__name__
        if isinstance(exc, httpx.ProxyError):
            return (
                f"The proxy on the way to {self.where} failed: {seen}. Set HTTPS_PROXY or NO_PROXY rightly."
            )
        if _caused_by(exc, socket.gaierror):
            return f"The host of {self.where} is not known: {seen}. Check the name in TAO_MODEL_BASE_URL."
        if _caused_by(exc, ssl.SSLError):
            return (
                f"No secure connection to {self.where}: {seen}. Set SSL_CERT_FILE to the certificate "
                "authority, or use http:// if the server has no TLS."
            )
        if isinstance(exc, httpx.ConnectError | httpx.ConnectTimeout):
            return (
                f"Nothing answers at {self.where} ({seen}). Is the server running, and the proxy if one "
                "is set? Set TAO_MODEL_BASE_URL to where it is."
            )
        if started:
            return f"{self.where} broke off in the middle of its reply ({seen}). See the server's log."
        return f"{self.where} closed the connection without a reply ({seen}). See the server's log."

    def refused(self, status: int, headers: httpx.Headers, body: str) -> ModelError:
        """The endpoint answered with an HTTP status that is no success."""
        report = self.shown(_message(body))
        says = f": {report}" if report else ""
        if status in {401, 403}:
            what = "refused the API key" if self.secret else "wants an API key"
            return ModelError(
                f"{self.where} {what} (HTTP {status}{says}). Set TAO_MODEL_API_KEY.", status=status
            )
        if status == 404 and "model" in report.casefold():
            return NoSuchModelError(f"{self.where} has no such model (HTTP 404{says}).", status=status)
        if status in {400, 413, 422} and _TOO_LONG.search(body):
            return self._overflow(report, status)
        if status in RETRIED_STATUSES:
            remedy = "It takes no more requests now: wait." if status == 429 else "See the server's log."
            wait = seconds_to_wait(headers.get("retry-after"))
            text = f"{self.where} answered HTTP {status}{says}. {remedy}"
            return TransientModelError(text, status=status, wait=wait)
        return ModelError(self._refusal_text(status, headers, says), status=status)

    def _refusal_text(self, status: int, headers: httpx.Headers, says: str) -> str:
        if 300 <= status < 400:
            to = self.shown(headers.get("location", "elsewhere"))
            return (
                f"{self.where} sends on to {to} (HTTP {status}). Set TAO_MODEL_BASE_URL to the new address."
            )
        if status in {404, 405}:
            return (
                f"{self.where} has nothing at that path (HTTP {status}{says}). "
                "Does TAO_MODEL_BASE_URL end in /v1?"
            )
        return (
            f"{self.where} refused the request (HTTP {status}{says}). Change what it names, then ask again."
        )

    def in_reply(self, error: Any) -> ModelError:
        """The endpoint put an error object where a piece of the reply was due."""
        code = error.get("code") if isinstance(error, dict) else None
        status = code if isinstance(code, int) and 400 <= code < 600 else None
        report = self.shown(_message(json.dumps({"error": error}))) or "no reason given"
        if _TOO_LONG.search(report):
            return self._overflow(report, status)
        text = f"{self.where} reported an error in its reply: {report}. See the server's log."
        if status in RETRIED_STATUSES:
            return TransientModelError(text, status=status)
        return ModelError(text, status=status)

    def _overflow(self, report: str, status: int | None) -> PromptTooLongError:
        window = _WINDOW.search(report)
        return PromptTooLongError(
            f"The prompt is too long for the model at {self.where}: {report}. Ask something shorter, or give "
            "the model a larger context.",
            status=status,
            window=int(window[1]) if window else None,
        )

    def not_the_api(self, content_type: str) -> ModelError:
        """The reply is a web page or something else that no such endpoint sends."""
        return ModelError(
            f"{self.where} answered with {self.shown(content_type) or 'nothing'}: no OpenAI-compatible "
            "endpoint. Does TAO_MODEL_BASE_URL end in /v1?"
        )

    def unreadable(self, data: str) -> ModelError:
        """A piece of the reply is no JSON object."""
        return ModelError(
            f"{self.where} sent something that cannot be read: {self.shown(data)[:80]!r}. "
            "Is it an OpenAI-compatible endpoint, and no proxy in between?"
        )

    def empty(self) -> ModelError:
        """The reply ended without a single choice."""
        return TransientModelError(
            f"{self.where} sent an empty reply. Is it an OpenAI-compatible endpoint? See the server's log."
        )

    def no_first_token(self, seconds: float) -> ModelError:
        """Nothing was said in time."""
        return ModelError(
            f"{self.where} sent no token within {seconds:g} s. Is the model still loading, or the prompt "
            "very long? Raise TAO_MODEL_FIRST_TOKEN_TIMEOUT to wait longer."
        )

    def no_next_token(self, seconds: float) -> ModelError:
        """The reply stopped in the middle."""
        return ModelError(
            f"{self.where} stopped in the middle of its reply: no token for {seconds:g} s. "
            "See the server's log, or raise TAO_MODEL_TOKEN_TIMEOUT."
        )

    def too_long(self, limit: int) -> ModelError:
        """The reply is larger than any that can be meant."""
        return ModelError(
            f"{self.where} sent a reply of more than {limit:,} characters. Lower TAO_MODEL_MAX_TOKENS."
        )

    def shown(self, text: str) -> str:
        """`text` as it may stand in a message: one short line without the key."""
        return plain(text.replace(self.secret, "***") if self.secret else text)


def plain(text: str, limit: int = REPORT_CHARS) -> str:
    """Make one line of text from outside: no control characters, `limit` characters at most."""
    printable = "".join(c if c.isprintable() else " " for c in text[: limit * 10])
    line = " ".join(printable.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def _message(body: str) -> str:
    """What an error body says, in any of the forms in use; nothing for a web page."""
    try:
        found: Any = json.loads(body)
    except (ValueError, RecursionError):
        return "" if body.lstrip().startswith("<") else body
    for key in ("error", "message", "detail"):
        if isinstance(found, dict) and found.get(key):
            found = found[key]
    return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)


def _causes(exc: BaseException | None) -> Iterator[BaseException]:
    while exc is not None:
        yield exc
        exc = exc.__cause__ or exc.__context__


def _caused_by(exc: BaseException, kind: type[BaseException]) -> bool:
    return any(isinstance(cause, kind) for cause in _causes(exc))
