import math
import threading

import pytest

from tao.models.embeddings import TEXT_CHARS, BundledEmbedder
from tao.models.loading import MissingExtra, load


@pytest.fixture(scope="module")
def embedder() -> BundledEmbedder:
    return BundledEmbedder()


def similarity(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def test_a_question_is_nearer_to_its_answer_than_to_another_in_both_languages(
    embedder: BundledEmbedder,
) -> None:
    seat, shoes, zh, en = embedder.embed(
        ["儿童安全座椅：699元", "皮鞋: 399元", "皮鞋多少钱", "How much is a child safety seat?"]
    )
    assert similarity(zh, shoes) > similarity(zh, seat)
    assert similarity(en, seat) > similarity(en, shoes)


@pytest.mark.parametrize(
    "text",
    ["", " ", "\x00", "a\x00b", "\ud800", "半\udfff个", "\U0010ffff", "字" * 1_000_000, "x" * 1_000_000],
)
def test_any_text_gets_a_vector_of_length_one(embedder: BundledEmbedder, text: str) -> None:
    (vector,) = embedder.embed([text])
    assert len(vector) == embedder.dimension
    assert math.isclose(similarity(vector, vector), 1, abs_tol=1e-3)


def test_what_follows_the_limit_does_not_count(embedder: BundledEmbedder) -> None:
    text = "天气很好。" * (TEXT_CHARS // 5)
    whole, longer = embedder.embed([text, text + "皮鞋"])
    assert whole == longer


def test_no_texts_give_no_vectors(embedder: BundledEmbedder) -> None:
    assert embedder.embed([]) == []


def test_a_text_has_the_same_vector_alone_and_among_others(embedder: BundledEmbedder) -> None:
    (alone,) = embedder.embed(["皮鞋"])
    among = embedder.embed(["iPhone", "皮鞋", "x" * 500])[1]
    assert alone == pytest.approx(among, abs=1e-4)


def test_first_use_from_many_threads_loads_once_and_answers_all() -> None:
    embedder = BundledEmbedder()
    vectors: list[list[float]] = []
    start = threading.Barrier(4)

    def use() -> None:
        start.wait(5)
        vectors.extend(embedder.embed(["皮鞋"]))

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(vectors) == 4
    assert all(vector == vectors[0] for vector in vectors)


def test_a_missing_package_names_the_extra_that_brings_it() -> None:
    with pytest.raises(MissingExtra, match=r"pip install 'tao-agent\[knowledge\]'"):
        load("tao_no_such_package", extra="knowledge")
