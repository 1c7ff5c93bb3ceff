"""Cross-encoders of sentence-transformers, on tiny models made here."""

from pathlib import Path

import numpy as np
import pytest

from tao.errors import ConfigError
from tao.models.rerank import open_reranker
from tests.support.tiny_models import (
    needs_torch,
    tiny_body,
    tiny_cross_encoder,
    tiny_tokenizer,
    torch,
    transformers,
)

pytestmark = [pytest.mark.real, needs_torch]

PASSAGES = ["公司年假规定", "the cat is how many days ?", "dog", "年假几天", "dog"]


def logits(folder: Path, query: str, passages: list[str]) -> list[float]:
    model = transformers().BertForSequenceClassification.from_pretrained(folder).eval()
    with torch().no_grad():
        return [
            float(model(**tiny_tokenizer()(query, passage, return_tensors="pt")).logits)
            for passage in passages
        ]


def test_a_score_is_the_sigmoid_of_the_logit(tmp_path: Path) -> None:
    folder = tiny_cross_encoder(tmp_path / "reranker")
    scores = open_reranker(f"sentence-transformers:{folder}", device="cpu").score("年假几天", PASSAGES)
    wanted = 1 / (1 + np.exp(-np.array(logits(folder, "年假几天", PASSAGES))))
    np.testing.assert_allclose(scores, wanted, atol=1e-5)
    assert scores[2] == pytest.approx(scores[4], abs=1e-6)
    assert len(set(np.round(scores, 4))) == 4


def test_any_texts_get_a_score_from_0_to_1(tmp_path: Path) -> None:
    reranker = open_reranker(str(tiny_cross_encoder(tmp_path / "reranker")), device="cpu")
    hostile = ["", "\x00", "\ud800", "年" * 100_000, "a" * 100_000]
    for query in hostile:
        scores = reranker.score(query, hostile)
        assert len(scores) == len(hostile)
        assert all(0 <= score <= 1 for score in scores)
    assert reranker.score("a", []) == []
    assert reranker.name.startswith("sentence-transformers:reranker@")


def test_what_is_no_reranker_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no cross-encoder \(BertModel\)"):
        open_reranker(str(tiny_body(tmp_path / "body"))).score("a", ["b"])
    with pytest.raises(ConfigError, match="a classifier with 3 labels"):
        open_reranker(str(tiny_cross_encoder(tmp_path / "nli", labels=3))).score("a", ["b"])


def test_a_reranker_that_is_not_there_is_told_with_the_command() -> None:
    with pytest.raises(ConfigError, match="tao-knowledge pull BAAI/bge-reranker-base"):
        open_reranker("BAAI/bge-reranker-base").score("a", ["b"])
