"""Which reranker a name stands for."""

import pytest

from tao.errors import ConfigError
from tao.models.rerank import open_reranker
from tao.models.rerank.cross_encoder import CrossEncoderReranker
from tao.models.rerank.endpoint import EndpointReranker


@pytest.mark.parametrize(
    "name",
    [
        "cross-encoder/mmarco-mMiniLMv2-L12-H384-v1",
        "sentence-transformers:BAAI/bge-reranker-base",
        "./models/reranker",
        "C:\\models\\reranker",
    ],
)
def test_a_name_or_a_folder_is_a_cross_encoder(name: str) -> None:
    assert isinstance(open_reranker(name), CrossEncoderReranker)


@pytest.mark.parametrize("name", ["endpoint:BAAI/bge-reranker-v2-m3", "openai:BAAI/bge-reranker-v2-m3"])
def test_a_model_behind_an_endpoint_is_asked_there(name: str) -> None:
    model = open_reranker(name, base_url="http://scores.test/v1")
    assert isinstance(model, EndpointReranker)
    assert model.name == "endpoint:BAAI/bge-reranker-v2-m3"


def test_an_endpoint_needs_an_address() -> None:
    with pytest.raises(ConfigError, match=r"no address is set.*RERANKER_URL"):
        open_reranker("endpoint:m")


@pytest.mark.parametrize("name", ["", " ", "endpoint:", "sentence-transformers:"])
def test_a_name_must_name_a_model(name: str) -> None:
    with pytest.raises(ConfigError, match="names no model"):
        open_reranker(name)


def test_an_unknown_kind_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ConfigError, match=r"no kind of reranker 'bm25'.*endpoint:MODEL"):
        open_reranker("bm25:x")
