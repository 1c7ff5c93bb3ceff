"""Rerankers behind an endpoint, with the replies that vLLM, Jina, llama.cpp and TEI document."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tao.errors import ConfigError, ModelError
from tao.models.rerank import Reranker
from tao.models.rerank.endpoint import EndpointReranker

URL = "http://scores.test/v1"
Handler = Callable[[httpx.Request], httpx.Response]


def reranker(handler: Handler, **options: Any) -> EndpointReranker:
    options = {"base_url": URL, "attempts": 1, "backoff": 0, **options}
    return EndpointReranker("m", client=httpx.Client(transport=httpx.MockTransport(handler)), **options)


def score_of(text: str) -> float:
    return len(text) / 10_000


def vllm(request: httpx.Request) -> httpx.Response:
    """The Re-rank API of vLLM's manual: sorted by score, each with the index of its document."""
    if request.url.path != "/v1/rerank":
        return httpx.Response(404, json={"detail": "Not Found"})
    results: list[dict[str, Any]] = [
        {"index": index, "document": {"text": text}, "relevance_score": score_of(text)}
        for index, text in enumerate(json.loads(request.content)["documents"])
    ]
    results.sort(key=lambda result: -result["relevance_score"])
    return httpx.Response(200, json={"id": "rerank-1", "model": "m", "usage": {}, "results": results})


def tei(request: httpx.Request) -> httpx.Response:
    """The router of Text Embeddings Inference: `/rerank`, 32 texts at most."""
    if request.url.path != "/rerank":
        return httpx.Response(404)
    body = json.loads(request.content)
    if "texts" not in body:
        text = "Failed to deserialize the JSON body into the target type: missing field `texts` at line 1"
        return httpx.Response(422, text=text)
    if len(body["texts"]) > 32:
        message = f"batch size {len(body['texts'])} > maximum allowed batch size 32"
        return httpx.Response(422, json={"error": message, "error_type": "Validation"})
    scored = [{"index": index, "score": score_of(text)} for index, text in enumerate(body["texts"])]
    return httpx.Response(200, json=sorted(scored, key=lambda item: -item["score"]))


@pytest.mark.parametrize(
    ("server", "url"),
    [(vllm, URL), (vllm, f"{URL}/rerank"), (tei, URL), (tei, "http://scores.test"), (tei, f"{URL}/rerank")],
)
def test_the_scores_come_in_the_order_of_the_passages(server: Handler, url: str) -> None:
    model: Reranker = reranker(server, base_url=url)
    passages = ["巴黎是法国的首都。", "x", "Horses and cows are both animals"]
    assert model.score("法国的首都是什么？", passages) == [score_of(text) for text in passages]
    assert model.name == "endpoint:m"


def test_the_form_is_found_out_once() -> None:
    paths: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.path)
        return tei(request)

    model = reranker(handler)
    model.score("q", ["a"])
    model.score("q", ["a"])
    assert paths == ["/v1/rerank", "/rerank", "/rerank"]


def test_the_request_is_that_of_the_api() -> None:
    seen: list[Any] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(json.loads(request.content))
        return vllm(request)

    reranker(handler).score("q", ["a", "b"])
    assert seen == [
        {"model": "m", "query": "q", "documents": ["a", "b"], "top_n": 2, "return_documents": False}
    ]


@pytest.mark.parametrize("server", [vllm, tei])
def test_more_passages_than_the_service_takes_are_asked_for_in_parts(server: Handler) -> None:
    passages = ["x" * n for n in range(1, 100)]
    assert reranker(server, batch=64).score("q", passages) == [score_of(text) for text in passages]


def test_logits_become_scores_from_0_to_1_in_the_same_order() -> None:
    logits = [-8.5, 0.25, 1200.0]

    def handler(request: httpx.Request) -> httpx.Response:
        results = [{"index": i, "relevance_score": logits[i]} for i in (2, 1, 0)]
        return httpx.Response(200, json={"results": results})

    scores = reranker(handler).score("q", ["a", "b", "c"])
    assert scores == sorted(scores)
    assert scores == pytest.approx([0.0002034, 0.5621765, 1.0], abs=1e-6)


def test_after_logits_were_seen_all_scores_are_taken_for_logits() -> None:
    given_scores = iter([[3.0], [0.5]])

    def handler(request: httpx.Request) -> httpx.Response:
        results = [{"index": i, "relevance_score": s} for i, s in enumerate(next(given_scores))]
        return httpx.Response(200, json={"results": results})

    model = reranker(handler)
    model.score("q", ["a"])
    assert model.score("q", ["a"]) == pytest.approx([0.622459], abs=1e-6)


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=50), st.lists(st.text(max_size=50), max_size=10), st.integers(1, 4))
def test_any_texts_get_one_score_each(query: str, passages: list[str], batch: int) -> None:
    scores = reranker(vllm, batch=batch).score(query, passages)
    assert len(scores) == len(passages)
    assert all(0 <= score <= 1 for score in scores)


def test_hostile_texts_are_sent_as_something_sound() -> None:
    assert len(reranker(vllm).score("\ud800", ["\udfff", "\x00", "", "字" * 3_000_000])) == 4


def test_a_pair_that_is_too_long_is_shortened() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        if len(body["query"]) + max(map(len, body["documents"])) > 600:
            message = "This model's maximum context length is 512 tokens."
            return httpx.Response(400, json={"object": "error", "message": message})
        return vllm(request)

    scores = reranker(handler).score("问" * 900, ["字" * 2000, "短"])
    assert all(0 < score < 0.06 for score in scores)


def test_no_passage_asks_for_nothing() -> None:
    assert reranker(lambda request: httpx.Response(500)).score("q", []) == []


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        ({"results": []}, "0 scores for 2 passages"),
        ({"results": [{"index": 0, "relevance_score": 1.0}] * 2}, "indexes"),
        ({"results": [{"index": "0"}, {"index": "1"}]}, "indexes"),
        ({"results": [{"index": i, "relevance_score": float("nan")} for i in (0, 1)]}, "no number"),
        ({"results": [{"index": i, "relevance_score": "0.5"} for i in (0, 1)]}, "no number"),
        ({"results": [{"index": i} for i in (0, 1)]}, "no number"),
        ({"results": [{"index": i, "relevance_score": True} for i in (0, 1)]}, "no number"),
        ({"results": {}}, "no list of scores"),
        ([], "no list of scores"),
        ("scores", "no list of scores"),
    ],
)
def test_a_wrong_reply_is_refused_with_what_was_seen(reply: Any, says: str) -> None:
    content = json.dumps(reply).encode()
    with pytest.raises(ModelError, match=says):
        reranker(lambda request: httpx.Response(200, content=content)).score("q", ["a", "b"])


@pytest.mark.parametrize(
    ("response", "says"),
    [
        (httpx.Response(200, html="<html>"), "text/html.*TAO_KNOWLEDGE_RERANKER_URL"),
        (httpx.Response(401), "TAO_KNOWLEDGE_API_KEY_ENV"),
        (httpx.Response(404), "http://scores.test/v1 has nothing at that path"),
        (httpx.Response(503), "HTTP 503"),
    ],
)
def test_a_service_that_is_none_is_told_with_what_to_do(response: httpx.Response, says: str) -> None:
    with pytest.raises(ModelError, match=says):
        reranker(lambda request: response).score("q", ["a"])


def test_an_address_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(ConfigError, match="TAO_KNOWLEDGE_RERANKER_URL"):
        EndpointReranker("m", base_url="scores.test")
