"""Serves over HTTP. Imported only for that: uvicorn takes time to load."""

import hmac
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from mcp.server import MCPServer
from mcp.server.transport_security import TransportSecurityMiddleware, TransportSecuritySettings
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tao_servers.serving.access import TOKEN_KEY, TRANSPORT_KEY
from tao_servers.serving.options import Serving, Token, is_loopback

__all__ = ["HttpServer", "listen", "make_app"]

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
# What is served where; the rest is 404 before anything else looks at it.
_PATHS = {"http": ("/mcp", ("POST",)), "sse": ("/sse", ("GET",))}
_MESSAGES = "/messages/"
_ANY_ADDRESS = ("0.0.0.0", "::")

_log = logging.getLogger("tao_servers.serving")
_access = logging.getLogger("tao_servers.access")


def listen(serving: Serving) -> socket.socket:
    """The socket of `serving`, bound.

    Raises:
        OSError: the host is not an address of this machine, or the port is taken.
    """
    family, kind, _, _, address = socket.getaddrinfo(serving.host, serving.port, type=socket.SOCK_STREAM)[0]
    bound = socket.socket(family, kind)
    try:
        if os.name == "posix":
            # On Windows this would let a second server take the port of the first.
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound


def make_app(server: MCPServer, serving: Serving) -> ASGIApp:
    """The ASGI app of `server`: streamable HTTP without sessions, so that any replica answers, or SSE."""
    security = _security(serving)
    app: ASGIApp = (
        server.sse_app(sse_path=_PATHS["sse"][0], message_path=_MESSAGES, transport_security=security)
        if serving.transport == "sse"
        else server.streamable_http_app(
            streamable_http_path=_PATHS["http"][0], stateless_http=True, transport_security=security
        )
    )
    app = _Gate(app, security, serving)
    if serving.allowed_origins:
        # Without these headers a browser keeps the reply from the page that asked.
        app = CORSMiddleware(
            app, serving.allowed_origins, allow_methods=["GET", "POST"], allow_headers=["*"], max_age=3600
        )
    return app


def _security(serving: Serving) -> TransportSecuritySettings:
    names = [*_LOOPBACK, *serving.allowed_hosts]
    if serving.host not in _ANY_ADDRESS and not is_loopback(serving.host):
        names.append(f"[{serving.host}]" if ":" in serving.host else serving.host)
    return TransportSecuritySettings(
        allowed_hosts=[form for name in names for form in _with_ports(name)],
        allowed_origins=[
            *(f"http://{form}" for name in _LOOPBACK for form in _with_ports(name)),
            *serving.allowed_origins,
        ],
    )


def _with_ports(name: str) -> tuple[str, ...]:
    """A name without a port stands for itself on every port; clients leave the standard ones out."""
    return (name,) if name.rpartition("]")[2].count(":") else (name, f"{name}:*")


class _Gate:
    """Lets a request through that is for us: path, Host, Origin, token, method, in this order.

    The SDK's `token_verifier` is not used for the token: it demands `AuthSettings` with the address of an
    OAuth issuer, announces that to every caller, and a token out of an environment variable has no issuer.
    The SDK checks Host and Origin itself, but over SSE it answers and then raises; here they are checked
    first, by the SDK's own class.
    """

    def __init__(self, app: ASGIApp, security: TransportSecuritySettings, serving: Serving) -> None:
        self._app = app
        self._security = TransportSecurityMiddleware(security)
        self._token = serving.token
        self._transport = serving.transport

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            request = Request(scope)
            refusal = await self._refusal(request)
            if refusal is not None:
                remote = request.client.host if request.client else "-"
                fields = {"transport": self._transport, "status": refusal.status_code, "remote": remote}
                _access.info("refused", extra={"fields": fields})
                await refusal(scope, receive, send)
                return
            marks = {TRANSPORT_KEY: self._transport, TOKEN_KEY: self._token.name if self._token else None}
            await self._app({**scope, **marks}, receive, send)

    async def _refusal(self, request: Request) -> Response | None:
        methods = self._methods(request.url.path)
        if not methods:
            path = _PATHS[self._transport][0]
            return JSONResponse({"error": f"Nothing is here; the MCP endpoint is {path}."}, status_code=404)
        wrong = await self._security.validate_request(request)
        if wrong is not None:
            return wrong
        if self._token is not None and not _has(request, self._token):
            return _UNAUTHORIZED
        if request.method not in methods:
            # GET on /mcp too: without sessions, a stream of the server's own would have nothing to carry.
            return Response(status_code=405, headers={"Allow": ", ".join(methods)})
        return None

    def _methods(self, path: str) -> tuple[str, ...]:
        own, methods = _PATHS[self._transport]
        if path == own:
            return methods
        return ("POST",) if self._transport == "sse" and path == _MESSAGES else ()


_UNAUTHORIZED = JSONResponse(
    {
        "error": "invalid_token",
        "error_description": "This server needs its token, as the header: Authorization: Bearer TOKEN",
    },
    status_code=401,
    headers={"WWW-Authenticate": 'Bearer realm="tao"'},
)


def _has(request: Request, token: Token) -> bool:
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    # Compared as bytes: of text, only ASCII can be compared in constant time.
    right = hmac.compare_digest(given.strip().encode("latin-1", "replace"), token.value.encode())
    return kind.lower() == "bearer" and right


class HttpServer(uvicorn.Server):
    """uvicorn without its signal handlers and its log: both are ours."""

    def __init__(self, server: MCPServer, serving: Serving) -> None:
        config = uvicorn.Config(
            make_app(server, serving),
            log_config=None,
            access_log=False,
            server_header=False,
            ws="none",
            # httptools, where it is installed, takes the spaces round a header's value for a part of it.
            http="h11",
            # Seconds that calls have to finish after a signal; open event streams never do.
            timeout_graceful_shutdown=1,
        )
        super().__init__(config)
        self._name = server.name
        self._serving = serving

    def end(self) -> None:
        """Take no more requests, let calls finish for a second, then cut off what is open."""
        self.should_exit = True
        # What is cut off now is no failure: uvicorn would log the traceback of each.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the process."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the port, then say so."""
        await super().startup(sockets)
        host, port = (sockets or self.servers[0].sockets)[0].getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        url = f"http://{shown}:{port}{_PATHS[self._serving.transport][0]}"
        fields = {"server": self._name, "transport": self._serving.transport, "url": url}
        _log.info("listening", extra={"fields": fields})
        if host in _ANY_ADDRESS and not self._serving.allowed_hosts:
            _log.warning(
                "Only requests with the Host header 127.0.0.1 or localhost are answered: name the others,"
                " such as the name of this machine, by --allowed-host NAME"
            )
