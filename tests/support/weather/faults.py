"""Ways for a service to fail, as bytes on its connection."""

import gzip
import json
import os
import socket
import struct
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from types import MappingProxyType
from typing import Any, Literal, get_args

__all__ = ["FAULTS", "Fault", "fail", "spoiled"]

Fault = Literal[
    "400",
    "401",
    "429",
    "429-wait",  # with Retry-After
    "500",
    "503",
    "slow",  # says nothing, until the client leaves or a minute is over
    "reset",
    "refused",  # nobody listens: only as a variable, see `WeatherService.variables`
    "short",  # fewer bytes than Content-Length says
    "truncated",  # a whole reply whose JSON ends in the middle
    "wrong",  # JSON of another kind
    "html",
    "empty",  # every array is empty
    "nulls",  # every array holds nulls
    "unequal",  # every second array lacks its last value
    "huge",
    "bomb",  # a small gzip body that unpacks to much
    "redirect",  # to another host
]
FAULTS: tuple[Fault, ...] = get_args(Fault)

_LOGIN = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in.</body></html>"
_MEGABYTE = b" " * 1_000_000
_MEGABYTES = 64
_SLOW_SECONDS = 60
_STATUS = {"400": 400, "401": 401, "429": 429, "429-wait": 429, "500": 500, "503": 503}


def fail(fault: Fault, handler: BaseHTTPRequestHandler, reply: Any, ending: threading.Event) -> None:
    """Answer this one request with the fault, where `reply` was the right answer."""
    whole = json.dumps(reply).encode()
    if fault in _STATUS:
        more = {"Retry-After": "1"} if fault == "429-wait" else {}
        _send(handler, b'{"error": true, "reason": "scripted"}', _STATUS[fault], more)
    elif fault == "slow":
        # Woken when the service ends; a client that leaves early costs no more than this thread.
        ending.wait(_SLOW_SECONDS)
    elif fault in ("reset", "refused"):
        # Closed under the handler's feet: its own way to close would say goodbye first.
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(handler.connection.detach())
    elif fault == "huge":
        _send_much(handler)
    elif fault == "bomb":
        _send(handler, gzip.compress(_MEGABYTE * _MEGABYTES), 200, {"Content-Encoding": "gzip"})
    elif fault == "redirect":
        _send(handler, b"", 302, {"Location": "http://elsewhere.invalid/login"})
    elif fault == "short":
        _send(handler, whole[: len(whole) // 2], length=len(whole))
    else:
        _send(handler, _body(fault, whole, reply))


def _body(fault: Fault, whole: bytes, reply: Any) -> bytes:
    if fault == "truncated":
        return whole[: len(whole) // 2]
    if fault == "html":
        return _LOGIN
    return b'{"ok": true}' if fault == "wrong" else json.dumps(spoiled(fault, reply)).encode()


def spoiled(fault: Fault, reply: Any) -> Any:
    """The reply with its arrays empty, full of nulls (but for the times), or of unequal length."""
    if isinstance(reply, list):
        return {"empty": [], "nulls": [None] * len(reply)}.get(fault, reply)
    if not isinstance(reply, dict):
        return reply
    return {
        key: value[:-1]
        if fault == "unequal" and number % 2 and isinstance(value, list)
        else value
        if fault == "nulls" and key == "time"
        else spoiled(fault, value)
        for number, (key, value) in enumerate(reply.items())
    }


def _send(
    handler: BaseHTTPRequestHandler,
    body: bytes,
    status: int = 200,
    headers: Mapping[str, str] = MappingProxyType({}),
    *,
    length: int | None = None,
) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.send_header("Connection", "close")
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def _send_much(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(_MEGABYTES * len(_MEGABYTE)))
    handler.end_headers()
    for _ in range(_MEGABYTES):
        handler.wfile.write(_MEGABYTE)
