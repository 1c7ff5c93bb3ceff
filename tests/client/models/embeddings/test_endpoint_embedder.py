"""An embedder behind `/v1/embeddings`, with the replies that its servers document.

Forms: OpenAI's API reference (Embeddings), vLLM's OpenAI-compatible server (its `max_model_len` in the list
of models), Text Embeddings Inference's router (`/info`, its errors).
"""

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tao.errors import ConfigError, ModelError
from tao.models.embeddings import Embedder
from tao.models.embeddings.endpoint import EndpointEmbedder

URL = "http://vectors.test/v1"
TOO_LONG = {
    "object": "error",
    "message": "This model's maximum context length is 512 tokens. However, you requested 700 tokens.",
    "type": "BadRequestError",
    "code": 400,
}

Handler = Callable[[httpx.Request], httpx.Response]


def vector_of(text: str) -> list[float]:
    return [float(len(text)), 1.0, float(ord(text[0]))]


def asked(request: httpx.Request) -> list[str]:
    texts: list[str] = json.loads(request.content)["input"]
    return texts


def well(request: httpx.Request) -> httpx.Response:
    """As OpenAI and vLLM answer, in an order of its own."""
    if request.method == "GET":
        return httpx.Response(404, json={"detail": "Not Found"})
    data = [
        {"object": "embedding", "index": index, "embedding": vector_of(text)}
        for index, text in enumerate(asked(request))
    ]
    usage = {"prompt_tokens": 8, "total_tokens": 8}
    return httpx.Response(200, json={"object": "list", "data": data[::-1], "model": "m", "usage": usage})


def embedder(handler: Handler, **options: Any) -> EndpointEmbedder:
    options = {"base_url": URL, "attempts": 1, "backoff": 0, **options}
    return EndpointEmbedder("m", client=httpx.Client(transport=httpx.MockTransport(handler)), **options)


def replying(reply: Any) -> Handler:
    return lambda request: httpx.Response(200, content=json.dumps(reply).encode())


def failure(handler: Handler, **options: Any) -> ModelError:
    with pytest.raises(ModelError) as caught:
        embedder(handler, **options).embed(["a", "b"])
    text = str(caught.value)
    assert text.isprintable()
    assert len(text) < 600
    assert "TAO_MODEL" not in text
    return caught.value


def test_the_vectors_come_in_the_order_of_the_texts_and_have_length_one() -> None:
    model: Embedder = embedder(well)
    rows = model.embed(["a", "长文", "ccc"])
    wanted = np.array([vector_of(text) for text in ("a", "长文", "ccc")])
    assert rows.dtype == np.float32
    np.testing.assert_allclose(rows, wanted / np.linalg.norm(wanted, axis=1, keepdims=True), rtol=1e-5)
    assert (model.name, model.dimension) == ("openai:m", 3)


def test_the_request_is_that_of_the_api() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return well(request)

    embedder(handler, api_key="sk-1", headers={"X-Team": "a"}, dimensions=3).embed(["a"])
    assert str(seen[0].url) == f"{URL}/embeddings"
    assert json.loads(seen[0].content) == {
        "model": "m",
        "input": ["a"],
        "encoding_format": "float",
        "dimensions": 3,
    }
    assert seen[0].headers["authorization"] == "Bearer sk-1"
    assert seen[0].headers["x-team"] == "a"


def test_queries_and_passages_are_prefixed() -> None:
    seen: list[list[str]] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(asked(request))
        return well(request)

    model = embedder(handler, query_prefix="query: ", passage_prefix="passage: ")
    model.embed(["a"], kind="query")
    model.embed(["a"])
    assert seen == [["query: a"], ["passage: a"]]


@pytest.mark.parametrize(
    ("options", "query", "passage"),
    [
        ({}, "query: a", "passage: a"),
        ({"query_prefix": ""}, "a", "passage: a"),
        ({"query_prefix": "Q ", "passage_prefix": ""}, "Q a", "a"),
    ],
)
def test_a_known_family_is_prefixed_unless_told_otherwise(
    options: dict[str, Any], query: str, passage: str
) -> None:
    seen: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.extend(asked(request))
        return well(request)

    client = httpx.Client(transport=httpx.MockTransport(handler))
    model = EndpointEmbedder("intfloat/multilingual-e5-small", base_url=URL, client=client, **options)
    model.embed(["a"], kind="query")
    model.embed(["a"])
    assert seen == [query, passage]


def test_an_embedding_may_be_base64() -> None:
    packed = base64.b64encode(np.array([3, 4], dtype="<f4").tobytes()).decode()
    rows = embedder(replying({"data": [{"index": 0, "embedding": packed}]})).embed(["a"])
    np.testing.assert_allclose(rows, [[0.6, 0.8]], rtol=1e-6)


def test_a_reply_without_indexes_keeps_the_order() -> None:
    rows = embedder(replying({"data": [{"embedding": [1, 0]}, {"embedding": [0, 1]}]})).embed(["a", "b"])
    np.testing.assert_allclose(rows, [[1, 0], [0, 1]])


def test_no_text_is_no_vector() -> None:
    assert embedder(well).embed([]).shape == (0, 3)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=40), min_size=1, max_size=12), st.integers(1, 5))
def test_any_texts_in_any_batches_come_back_as_one_row_each(texts: list[str], batch: int) -> None:
    rows = embedder(well, batch=batch).embed(texts)
    assert rows.shape == (len(texts), 3)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-5)


def test_half_a_surrogate_pair_and_a_huge_text_are_sent_as_something_sound() -> None:
    sizes: list[int] = []

    def handler(request: httpx.Request) -> httpx.Response:
        sizes.append(len(request.content))
        return well(request)

    assert embedder(handler).embed(["\ud800", "\x00", "", "字" * 3_000_000]).shape == (4, 3)
    assert max(sizes) < 1_000_000


def test_a_batch_is_bounded_in_count_and_in_size() -> None:
    counts: list[int] = []

    def handler(request: httpx.Request) -> httpx.Response:
        counts.append(len(asked(request)))
        return well(request)

    embedder(handler, batch=4).embed(["a"] * 10)
    embedder(handler, batch=4).embed(["a" * 60_000] * 3)
    assert counts == [4, 4, 2, 1, 1, 1]


@pytest.mark.parametrize(
    "refusal",
    [
        # The router of Text Embeddings Inference; its default limit is 32.
        httpx.Response(
            422,
            json={
                "message": "batch size 64 > maximum allowed batch size 8",
                "type": "Validation",
                "code": 422,
            },
        ),
        httpx.Response(413, text="length limit exceeded"),
        httpx.Response(413),
    ],
)
def test_a_batch_that_is_too_large_is_halved_and_the_size_remembered(refusal: httpx.Response) -> None:
    counts: list[int] = []

    def handler(request: httpx.Request) -> httpx.Response:
        counts.append(len(asked(request)))
        return refusal if counts[-1] > 8 else well(request)

    model = embedder(handler, batch=32)
    texts = [chr(0x4E00 + n) for n in range(40)]
    rows = model.embed(texts)
    wanted = np.array([vector_of(text) for text in texts])
    np.testing.assert_allclose(rows, wanted / np.linalg.norm(wanted, axis=1, keepdims=True), rtol=1e-5)
    counts.clear()
    model.embed(texts)
    assert counts == [8] * 5


@pytest.mark.parametrize(
    "refusal",
    [
        TOO_LONG,
        {"error": "Input validation error: `inputs` must have less than 512 tokens. Given: 700"},
        {"error": {"message": "the input length exceeds what the model reads"}},
    ],
)
def test_a_text_that_is_too_long_is_shortened_and_the_others_are_left_whole(refusal: dict[str, Any]) -> None:
    taken: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        if any(len(text) > 512 for text in asked(request)):
            return httpx.Response(400, json=refusal)
        taken.extend(asked(request))
        return well(request)

    assert embedder(handler).embed(["短", "字" * 700, "short"]).shape == (3, 3)
    assert taken[0] == "短"
    assert 350 <= len(taken[1]) <= 512
    assert taken[2] == "short"


def test_a_service_that_finds_everything_too_long_is_told_and_not_asked_for_ever() -> None:
    asked_for = 0

    def handler(request: httpx.Request) -> httpx.Response:
        nonlocal asked_for
        asked_for += 1
        return httpx.Response(400, json=TOO_LONG)

    with pytest.raises(ModelError, match="maximum context length"):
        embedder(handler).embed(["字" * 100_000])
    assert asked_for < 50


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_failure_that_may_pass_is_tried_again(status: int) -> None:
    replies: Iterator[Handler] = iter(
        [lambda request: httpx.Response(status, headers={"retry-after": "0"}), well]
    )
    assert embedder(lambda request: next(replies)(request), attempts=2).embed(["a"]).shape == (1, 3)


@pytest.mark.parametrize("error", [httpx.ReadTimeout("slow"), httpx.ConnectError("refused")])
def test_a_service_that_is_away_is_tried_again_and_then_named(error: Exception) -> None:
    tries = 0

    def handler(request: httpx.Request) -> httpx.Response:
        nonlocal tries
        tries += 1
        raise error

    failed = failure(handler, attempts=3)
    assert tries == 3
    assert "http://vectors.test/v1" in str(failed)
    assert "(Tried 3 times.)" in str(failed)


def test_a_reply_that_drips_for_ever_is_given_up() -> None:
    now = 0.0

    def drip() -> Iterator[bytes]:
        nonlocal now
        while True:
            now += 1.0
            yield b" "

    from tao.models.posting import Service

    client = httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(200, content=drip())))
    service = Service(
        URL, url_setting="TAO_TEST_URL", timeout=5, attempts=1, client=client, clock=lambda: now
    )
    with pytest.raises(ModelError, match=r"within 5 s.*TAO_TEST_URL"):
        service.ask("embeddings", {})
    assert now < 10


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        ({"data": [{"index": 0, "embedding": [1.0]}]}, "1 embeddings for 2 texts"),
        ({"data": []}, "0 embeddings for 2 texts"),
        ({"data": [{"index": 0, "embedding": [1.0]}] * 2}, "indexes"),
        ({"data": [{"index": "0", "embedding": [1.0]}, {"index": 1, "embedding": [1.0]}]}, "indexes"),
        ({"data": [{"index": i, "embedding": [float("nan"), 1.0]} for i in (0, 1)]}, "no vector.*float32"),
        ({"data": [{"index": i, "embedding": [float("inf")]} for i in (0, 1)]}, "no vector"),
        ({"data": [{"index": i, "embedding": [0.0, 0.0]} for i in (0, 1)]}, "no vector"),
        ({"data": [{"index": i, "embedding": [10**400]} for i in (0, 1)]}, "no vector"),
        ({"data": [{"index": i, "embedding": ["1", "2"]} for i in (0, 1)]}, "no vector"),
        ({"data": [{"index": i, "embedding": [[1.0]]} for i in (0, 1)]}, "no vector"),
        ({"data": [{"index": i, "embedding": []} for i in (0, 1)]}, "no vector"),
        ({"data": [{"index": i, "embedding": None} for i in (0, 1)]}, "no vector"),
        ({"data": [{"index": i, "embedding": "no base64!"} for i in (0, 1)]}, "no vector"),
        ({"data": [{"index": i, "embedding": "AAAA"} for i in (0, 1)]}, "no vector"),
        ({"data": [{"index": 0, "embedding": [1, 2]}, {"index": 1, "embedding": [1]}]}, "1 numbers where 2"),
        ({"data": "none"}, "no list of embeddings.*/v1"),
        ({"data": [1, 2]}, "no list of embeddings"),
        ([], "no list of embeddings"),
        ({"error": "loading"}, "no list of embeddings"),
    ],
)
def test_a_wrong_reply_is_refused_with_what_was_seen(reply: Any, says: str) -> None:
    with pytest.raises(ModelError, match=says):
        raise failure(replying(reply))


@pytest.mark.parametrize(
    ("response", "says"),
    [
        (httpx.Response(200, html="<html>Sign in</html>"), "text/html.*TAO_KNOWLEDGE_EMBEDDER_URL"),
        (httpx.Response(200, content=b"\xff\x00{"), "cannot be read"),
        (httpx.Response(200, content=b"[" * 100_000), "cannot be read"),
        (httpx.Response(401, json={"error": {"message": "bad key"}}), "TAO_KNOWLEDGE_API_KEY_ENV"),
        (httpx.Response(404, json={"detail": "Not Found"}), "end in /v1"),
        (httpx.Response(404, json={"error": "The model `m` does not exist."}), "no such model"),
        (httpx.Response(307, headers={"location": "http://else.test"}), "http://else.test"),
    ],
)
def test_a_service_that_is_none_is_told_with_what_to_do(response: httpx.Response, says: str) -> None:
    with pytest.raises(ModelError, match=says):
        raise failure(lambda request: response)


def test_another_dimension_than_before_is_refused() -> None:
    sizes = iter([2, 3])

    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"data": [{"index": 0, "embedding": [1.0] * next(sizes)}]})

    model = embedder(handler)
    model.embed(["a"])
    with pytest.raises(ModelError, match="3 numbers where 2 were due"):
        model.embed(["a"])


def test_other_dimensions_than_asked_for_are_refused() -> None:
    with pytest.raises(ModelError, match="3 numbers where 2 were due"):
        embedder(well, dimensions=2).embed(["a"])


def test_the_key_is_never_shown() -> None:
    echo = httpx.Response(401, json={"error": {"message": "Incorrect API key provided: sk-secret."}})
    with pytest.raises(ModelError) as caught:
        embedder(lambda request: echo, api_key="sk-secret").embed(["a"])
    assert "sk-secret" not in str(caught.value)


@pytest.mark.parametrize("wrong", ["vectors.test", "ftp://vectors.test", "http://", ""])
def test_an_address_that_is_none_is_refused_at_once(wrong: str) -> None:
    with pytest.raises(ConfigError, match="TAO_KNOWLEDGE_EMBEDDER_URL"):
        EndpointEmbedder("m", base_url=wrong)


def test_a_key_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(ConfigError, match="TAO_KNOWLEDGE_API_KEY_ENV"):
        EndpointEmbedder("m", base_url=URL, api_key="密钥")


def test_the_address_of_the_embeddings_themselves_will_do() -> None:
    paths: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.path)
        return well(request)

    embedder(handler, base_url=f"{URL}/embeddings/").embed(["a"])
    assert paths == ["/v1/embeddings"]


@pytest.mark.parametrize(
    ("replies", "tokens"),
    [
        ({"/v1/models": {"data": [{"id": "other"}, {"id": "m", "max_model_len": 8192}]}}, 8192),
        ({"/info": {"model_id": "m", "max_input_length": 512, "max_client_batch_size": 32}}, 512),
        ({"/v1/models": {"data": [{"id": "m"}]}}, 512),
        ({"/v1/models": {"data": [{"id": "m", "max_model_len": "many"}]}, "/info": []}, 512),
        ({}, 512),
    ],
)
def test_the_service_is_asked_how_much_it_reads(replies: dict[str, Any], tokens: int) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        reply = replies.get(request.url.path)
        return httpx.Response(404) if reply is None else httpx.Response(200, json=reply)

    assert embedder(handler).max_tokens == tokens


def test_a_service_that_is_away_is_not_taken_for_one_that_reads_little() -> None:
    with pytest.raises(ModelError, match="HTTP 503"):
        _ = embedder(lambda request: httpx.Response(503)).max_tokens


def test_it_can_be_closed_and_used_again() -> None:
    client = httpx.Client(transport=httpx.MockTransport(well))
    with EndpointEmbedder("m", base_url=URL, client=client) as model:
        model.embed(["a"])
    assert not client.is_closed
    assert model.embed(["a"]).shape == (1, 3)
