"""Opens what the settings name: where a collection lives, its embedders, and how documents are read."""

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from tao.errors import ConfigError
from tao.models.embeddings import BundledEmbedder, CachedEmbedder, Embedder, Endpoint, open_embedder
from tao.models.embeddings.e5 import without_e5
from tao.models.rerank import Reranker, open_reranker
from tao.settings import KnowledgeSettings, Settings, SplitterName, StageName, cache_dir
from tao_servers.knowledge.index import Place
from tao_servers.knowledge.index.vectors import ChromaServer
from tao_servers.knowledge.retrieving import Searcher

if TYPE_CHECKING:
    from pathlib import Path

    from tao_servers.knowledge.ingesting.pipeline import Method
    from tao_servers.knowledge.retrieving.rewriting import Rewrite

__all__ = ["Models", "embedder", "method", "models", "place", "reranker", "searcher", "strong", "strong_name"]

_BUNDLED, _LARGE = "bundled", "bundled-large"
_MOST_WORKERS = 4


def place(settings: KnowledgeSettings, store: "Path", collection: str) -> Place:
    """Where `collection` lives in the folder `store`.

    Raises:
        ConfigError: the variable that should hold the token of the Chroma server is not set.
    """
    return Place(store, collection, _server(settings))


def embedder(settings: KnowledgeSettings) -> Embedder:
    """What makes the vectors; its model is loaded on first use.

    Raises:
        ConfigError: there is no such embedder, or something that it needs is not set.
    """
    return _opened(settings, settings.embedder, "TAO_KNOWLEDGE_EMBEDDER")


def strong_name(settings: KnowledgeSettings) -> str | None:
    """The setting of the embedder that takes over later, with `auto` resolved; None where there is none."""
    if settings.upgrade.strip() == "auto":
        return _LARGE if settings.embedder.strip() == _BUNDLED and without_e5() is None else None
    return None if settings.upgrade.strip() == "off" else settings.upgrade


def strong(settings: KnowledgeSettings) -> Embedder | None:
    """The embedder that takes over later, with the errors of `embedder`; None where there is none."""
    name = strong_name(settings)
    return None if name is None else _opened(settings, name, "TAO_KNOWLEDGE_UPGRADE")


@dataclass(frozen=True)
class Models:
    """What searches share, so that each model is loaded once; the models are loaded on first use."""

    embedder: Embedder
    strong: Embedder | None = None
    reranker: Reranker | None = None
    rewrite: "Rewrite | None" = None


@contextmanager
def models(settings: Settings) -> Iterator[Models]:
    """The models that the settings name; what rewrites queries is there where a model is set that would gain.

    Raises:
        ConfigError: there is no such model, or something that it needs is not set.
    """
    knowledge = settings.knowledge
    opened = Models(embedder(knowledge), strong(knowledge), reranker(knowledge))
    if "rewrite" not in knowledge.stages:
        yield opened
        return
    from tao_servers.knowledge.retrieving.rewriting import rewriting_in_threads

    with rewriting_in_threads(settings, embed=partial(opened.embedder.embed, kind="query")) as rewrite:
        yield replace(opened, rewrite=rewrite)


def searcher(
    settings: KnowledgeSettings,
    place: Place,
    models: Models,
    *,
    stages: Collection[StageName] | None = None,
) -> Searcher:
    """What searches the collection at `place`; `stages` goes before the settings.

    Raises:
        ConfigError: a rule or a stage is not as it has to be.
    """
    from tao_servers.knowledge.retrieving.boosting import parse_rules
    from tao_servers.knowledge.retrieving.diversity import Diversify
    from tao_servers.knowledge.retrieving.reranking import Reranking

    chosen = settings.stages if stages is None else stages
    if not {"dense", "keyword"} & set(chosen):
        raise ConfigError("A search needs the stage 'dense', 'keyword', or both (TAO_KNOWLEDGE_STAGES).")
    second = Reranking(models.reranker) if models.reranker else None
    # After a reranker, which gives scores of its own and would leave nothing of what the rules added.
    later = (second, parse_rules(settings.rules), Diversify())
    return Searcher(
        place,
        models.embedder,
        strong=models.strong,
        stages=chosen,
        later=[stage for stage in later if stage is not None],
        rewrite=models.rewrite,
    )


def reranker(settings: KnowledgeSettings) -> Reranker | None:
    """What reads query and passage together; None where none is set.

    Raises:
        ConfigError: there is no such reranker, or something that it needs is not set.
    """
    if settings.reranker is None:
        return None
    try:
        return open_reranker(
            settings.reranker,
            base_url=settings.reranker_url,
            api_key=_secret(settings.api_key_env, "TAO_KNOWLEDGE_API_KEY_ENV"),
            device=settings.device,
        )
    except ConfigError as exc:
        raise ConfigError(f"{exc} (TAO_KNOWLEDGE_RERANKER, TAO_KNOWLEDGE_RERANKER_URL)") from exc


def method(
    settings: KnowledgeSettings,
    embedder: Embedder,
    *,
    splitter: SplitterName | None = None,
    workers: int | None = None,
) -> "Method":
    """How documents are read and cut, for `embedder`; what is given goes before the settings.

    Raises:
        ConfigError: the sizes of chunks contradict each other.
    """
    from tao_servers.knowledge.ingesting.pipeline import Method
    from tao_servers.knowledge.loading import Options
    from tao_servers.knowledge.splitting import Sizes

    try:
        # Bound methods, and no numbers: asking an embedder may load its model.
        sizes = Sizes(
            tokens=settings.chunk_tokens, overlap=settings.overlap_tokens, count=embedder.count_tokens
        )
    except ValueError as exc:
        raise ConfigError(f"{exc} (TAO_KNOWLEDGE_CHUNK_TOKENS, TAO_KNOWLEDGE_OVERLAP_TOKENS)") from exc
    return Method(
        sizes,
        splitter=splitter or settings.splitter,
        most_tokens=lambda: embedder.max_tokens,
        options=Options(ocr=settings.ocr, max_bytes=settings.file_megabytes * 1_000_000),
        workers=_workers(settings) if workers is None else workers,
        seconds=settings.file_seconds,
        megabytes=settings.file_memory_megabytes,
        embed=embedder.embed,
    )


def _workers(settings: KnowledgeSettings) -> int:
    # The embedder needs the other cores.
    return settings.workers or min(_MOST_WORKERS, max(1, (os.cpu_count() or 1) // 2))


def _opened(settings: KnowledgeSettings, name: str, variable: str) -> Embedder:
    opened = _uncached(settings, name, variable)
    if not settings.vector_cache_megabytes:
        return opened
    # Also for the bundled one: it makes 100 to 1,500 vectors a second, and 60,000 are read from the cache.
    return CachedEmbedder(opened, cache_dir() / "vectors", max_mb=settings.vector_cache_megabytes)


def _uncached(settings: KnowledgeSettings, name: str, variable: str) -> Embedder:
    if name.strip() == _BUNDLED:
        # Nothing is asked of it yet: a server without the extra starts, and says then what to install.
        return BundledEmbedder()
    endpoint = None
    if settings.embedder_url is not None:
        key = _secret(settings.api_key_env, "TAO_KNOWLEDGE_API_KEY_ENV")
        endpoint = Endpoint(settings.embedder_url, key)
    try:
        return open_embedder(name, endpoint=endpoint, device=settings.device)
    except ConfigError as exc:
        raise ConfigError(f"{exc} ({variable}, TAO_KNOWLEDGE_EMBEDDER_URL)") from exc


def _server(settings: KnowledgeSettings) -> ChromaServer | None:
    if settings.chroma_url is None:
        return None
    token = _secret(settings.chroma_token_env, "TAO_KNOWLEDGE_CHROMA_TOKEN_ENV")
    # The one is for Chroma Cloud, the other for whatever stands before a server of one's own.
    headers = {"X-Chroma-Token": token, "Authorization": f"Bearer {token}"} if token else {}
    server = ChromaServer(settings.chroma_url, headers)
    return replace(
        server,
        tenant=settings.chroma_tenant or server.tenant,
        database=settings.chroma_database or server.database,
    )


def _secret(variable: str | None, setting: str) -> str | None:
    """The value of an environment variable that a setting names."""
    if variable is None:
        return None
    value = os.environ.get(variable, "").strip()
    if not value:
        raise ConfigError(f"The environment variable {variable!r}, which {setting} names, is not set.")
    return value
