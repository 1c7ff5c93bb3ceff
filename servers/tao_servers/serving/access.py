"""The access log: one line for each call of a tool, without what was asked."""

import hashlib
import json
import logging
import re
import time
from collections.abc import Mapping
from typing import Any

import anyio
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext

__all__ = ["TOKEN_KEY", "TRANSPORT_KEY", "AccessLog", "digest"]

# Where the HTTP gate leaves these in the ASGI scope of a request.
TRANSPORT_KEY = "tao_servers.transport"
TOKEN_KEY = "tao_servers.token"

_COUNTED = ("passages", "rows")
_LONGEST = 80
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

_log = logging.getLogger("tao_servers.access")


class AccessLog:
    """Logs each call at INFO: who called what, with which arguments' digest, and what came of it.

    SDK middleware: it sees a call before its parameters are checked, so every value in it is the caller's.
    """

    def __init__(self, server: str) -> None:
        self._server = server

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        if ctx.method != "tools/call" or not _log.isEnabledFor(logging.INFO):
            return await call_next(ctx)
        begun = time.perf_counter()
        came: dict[str, object] = {"outcome": "error"}
        try:
            result = await call_next(ctx)
            came = _what_came(result)
            return result
        except anyio.get_cancelled_exc_class():
            came = {"outcome": "cancelled"}
            raise
        finally:
            seconds = {"seconds": round(time.perf_counter() - begun, 4)}
            fields = {"server": self._server} | _who(ctx) | _asked(ctx) | came | seconds
            _log.info("call", extra={"fields": fields})


def digest(arguments: object) -> str:
    """The first 16 hex digits of the SHA-256 of the arguments as canonical JSON; "-" when they have none."""
    try:
        text = json.dumps(arguments, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return "-"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _who(ctx: ServerRequestContext[Any, Any]) -> dict[str, object]:
    client = ctx.session.client_params.client_info if ctx.session.client_params else None
    who: dict[str, object] = {"transport": "stdio"}
    if client is not None:
        who["client"] = f"{client.name} {client.version}"[:_LONGEST]
    if ctx.request is not None:
        scope = ctx.request.scope
        who["transport"] = scope.get(TRANSPORT_KEY, "http")
        # The handshake era names the client once, in a request that another replica may have answered.
        who.setdefault("client", ctx.request.headers.get("user-agent", "-")[:_LONGEST])
        who["remote"] = ctx.request.client.host if ctx.request.client else "-"
        if token := scope.get(TOKEN_KEY):
            who["token"] = token
    return who


def _asked(ctx: ServerRequestContext[Any, Any]) -> dict[str, object]:
    params = ctx.params or {}
    asked: dict[str, object] = {
        "tool": str(params.get("name", "-"))[:_LONGEST],
        "arguments": digest(params.get("arguments") or {}),
    }
    meta: Mapping[str, object] = ctx.meta or {}
    trace = meta.get("traceparent")
    if isinstance(trace, str) and _TRACEPARENT.fullmatch(trace):
        asked["trace"] = trace
    return asked


def _what_came(result: HandlerResult) -> dict[str, object]:
    if not isinstance(result, dict):
        return {"outcome": "ok"}
    came: dict[str, object] = {"outcome": "error" if result.get("isError") else "ok"}
    structure = result.get("structuredContent")
    if isinstance(structure, dict):
        came |= {name: len(structure[name]) for name in _COUNTED if isinstance(structure.get(name), list)}
    return came
