"""Makes an MCP server with what all of Tao's have in common."""

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from mcp import MCPError
from mcp.server import MCPServer
from mcp.server.caching import CacheableMethod, CacheHint
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.types import INVALID_PARAMS

from tao_servers.serving.access import AccessLog
from tao_servers.serving.pages import Pages

__all__ = ["make_server"]

# The same for every caller, and changed only by a restart with another version or other settings.
_HINT = CacheHint(ttl_ms=300_000, scope="public")
_CACHED: tuple[CacheableMethod, ...] = (
    "prompts/list",
    "resources/list",
    "resources/templates/list",
    "server/discover",
    "tools/list",
)


def make_server(name: str, *, title: str, instructions: str, version: str | None = None) -> MCPServer:
    """A server without tools yet; tools are listed in the order in which they are added.

    It logs calls, cuts long lists into pages, hints how long lists stay fresh, and refuses unknown tools.
    `instructions` are shown by some hosts as what the server as a whole is for; `version` is the
    server's own, by default that of this distribution.
    """
    server = MCPServer(
        name,
        title=title,
        instructions=instructions,
        version=version or _own_version(),
        log_level="WARNING",
        cache_hints=dict.fromkeys(_CACHED, _HINT),
        # Nothing listed here ever changes while a server runs: there is nothing to subscribe to.
        subscriptions=False,
        middleware=[AccessLog(name), Pages()],
    )
    server.middleware.append(_KnownNames(server))
    return server


class _KnownNames:
    """Refuses an unknown tool or prompt as the protocol wants it (-32602), unlike the SDK."""

    def __init__(self, server: MCPServer) -> None:
        self._server = server

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        name = (ctx.params or {}).get("name")
        if isinstance(name, str) and ctx.method in ("tools/call", "prompts/get"):
            kind = ctx.method.split("s/")[0]
            known = await (self._server.list_tools() if kind == "tool" else self._server.list_prompts())
            names = [one.name for one in known]
            if name not in names:
                raise MCPError(
                    code=INVALID_PARAMS,
                    message=f"Unknown {kind}: {name[:60]!r}. There are: {', '.join(names) or 'none'}",
                )
        return await call_next(ctx)


def _own_version() -> str:
    try:
        return version("tao-agent")
    except PackageNotFoundError:
        return "0"
