"""Vectors on a Chroma server or cluster, reached over HTTP."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tao.models.loading import MissingExtra, load
from tao_servers.knowledge.index.chroma import ChromaVectors, chroma_settings, opened
from tao_servers.knowledge.index.chroma_names import safe_name
from tao_servers.knowledge.index.errors import EmptyStoreError, StoreError

if TYPE_CHECKING:
    import httpx
    from chromadb.api.fastapi import FastAPI
    from chromadb.api.models.Collection import Collection

__all__ = ["ChromaServer", "ServerStoreError", "open_chroma_server"]

_MOST_SHOWN = 200


class ServerStoreError(StoreError):
    """The Chroma server cannot be used; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class ChromaServer:
    """Where a Chroma server is, and who asks; the `headers` carry tokens and are never shown.

    `timeout` is in seconds, for the server to take the connection and again for each answer.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    tenant: str = "default_tenant"
    database: str = "default_database"
    timeout: float = 30.0


@contextmanager
def open_chroma_server(server: ChromaServer, name: str, *, write: bool) -> Iterator[ChromaVectors]:
    """Open the collection of the server that is kept for `name`; only a writer makes what is missing.

    Raises:
        EmptyStoreError: a reader found no such collection.
        ServerStoreError: the server is not there, refuses, is slow, or is no Chroma server.
        MissingExtra: chromadb is not installed.
    """
    with ExitStack() as stack:
        with _told(server):
            client = _Client(server)
            stack.callback(client.close)
            client.check()
            collection = opened(client, safe_name(name), write=write)
            at_once = client.get_max_batch_size()
        yield ChromaVectors(
            collection, at_once=at_once, reading=lambda: _told(server), writing=lambda _: _told(server)
        )


class _Client:
    """What chromadb's own client for HTTP does, with bounded waits and connections that are closed."""

    def __init__(self, server: ChromaServer) -> None:
        chromadb = load("chromadb", extra="knowledge")
        load("chromadb.api.fastapi", extra="knowledge")
        settings = chroma_settings(
            chroma_api_impl="chromadb.api.fastapi.FastAPI",
            chroma_server_host=_address(server.url),
            # The port is in the address; Chroma wants to have one nevertheless.
            chroma_server_http_port=1,
            chroma_server_headers=dict(server.headers),
        )
        self._server = server
        self._api: FastAPI = chromadb.config.System(settings).instance(chromadb.api.fastapi.FastAPI)
        # It would wait for ever, and has no setting for that.
        self._session: httpx.Client = self._api._session
        self._session.timeout = server.timeout
        self._session.event_hooks = {"response": [self._admitted]}

    def check(self) -> None:
        """Raise a `ServerStoreError` unless this is a Chroma server with this tenant and database."""
        server = self._server
        beat = self._session.get(f"{self._api.get_api_url()}/heartbeat")
        if (beat.is_success and "heartbeat" not in beat.text) or beat.status_code in {404, 405}:
            raise ServerStoreError(
                f"What answers at {_shown(server.url)} is no Chroma server of version 1. Check the address."
            )
        chromadb = load("chromadb", extra="knowledge")
        try:
            self._api.get_database(server.database, tenant=server.tenant)
        except chromadb.errors.NotFoundError as exc:
            raise ServerStoreError(
                f"The Chroma server {_shown(server.url)} has no database {server.database!r} of a tenant "
                f"{server.tenant!r}. Create it there, or name another one."
            ) from exc

    def get_collection(self, name: str, *, embedding_function: None) -> "Collection":
        return self._opened(self._api.get_collection(name, self._server.tenant, self._server.database))

    def get_or_create_collection(
        self, name: str, *, embedding_function: None, configuration: Any
    ) -> "Collection":
        made = self._api.get_or_create_collection(
            name,
            configuration=configuration,
            tenant=self._server.tenant,
            database=self._server.database,
        )
        return self._opened(made)

    def get_max_batch_size(self) -> int:
        return self._api.get_max_batch_size()

    def close(self) -> None:
        self._session.close()

    def _admitted(self, response: "httpx.Response") -> None:
        if response.status_code in {401, 403}:
            said = response.read().decode("utf-8", "replace")[:_MOST_SHOWN]
            raise ServerStoreError(
                f"The Chroma server {_shown(self._server.url)} refuses you: {said!r}. "
                "Check the token in the headers, the tenant and the database."
            )

    def _opened(self, model: Any) -> "Collection":
        models = load("chromadb.api.models.Collection", extra="knowledge")
        collection: Collection = models.Collection(client=self._api, model=model, embedding_function=None)
        return collection


def _address(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise ServerStoreError(
            f"{url!r} is no address of a Chroma server. Give it as http://HOST:PORT or https://HOST."
        )
    return url.rstrip("/")


def _shown(url: str) -> str:
    """The address, less a password in it."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


@contextmanager
def _told(server: ChromaServer) -> Iterator[None]:
    """Make a `ServerStoreError` of whatever the connection or Chroma raises."""
    httpx = load("httpx", extra="knowledge")
    url = _shown(server.url)
    try:
        yield
    except (StoreError, MissingExtra):
        raise
    except httpx.TimeoutException as exc:
        raise ServerStoreError(
            f"The Chroma server {url} did not answer within {server.timeout:g} seconds. Try again later."
        ) from exc
    except (httpx.TransportError, httpx.InvalidURL) as exc:
        raise ServerStoreError(
            f"The Chroma server {url} cannot be reached: {exc}. Start it (chroma run), or check the address."
        ) from exc
    except Exception as exc:
        raise _refused(url, exc) from exc


def _refused(url: str, exc: Exception) -> StoreError:
    errors = load("chromadb", extra="knowledge").errors
    said = str(exc)[:_MOST_SHOWN]
    if isinstance(exc, errors.NotFoundError):
        return EmptyStoreError(f"The Chroma server {url} has the collection no longer. Ingest it again.")
    return ServerStoreError(f"The Chroma server {url} failed: {said!r} ({type(exc).__name__}).")
