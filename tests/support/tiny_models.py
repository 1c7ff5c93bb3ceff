"""Models of torch that are made in a moment: real files and real code, with weights that mean nothing."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tao.models.loading import load

needs_torch = pytest.mark.skipif(
    find_spec("sentence_transformers") is None, reason="needs: pip install 'tao-agent[st]'"
)

_WORDS = (
    "[PAD] [UNK] [CLS] [SEP] [MASK] 为 这 个 句 子 生 成 表 示 以 用 于 检 索 相 关 文 章 ： 年 假 规 定 公 "
    "司 几 天 问 答 query passage : the a cat dog leave days annual how many is , . ? ##s"
)


def torch() -> Any:
    """The library, imported on first use: not when the tests are collected."""
    return load("torch", extra="st")


def transformers() -> Any:
    """The library, imported on first use."""
    return load("transformers", extra="st")


def tiny_tokenizer(*, max_tokens: int = 64) -> Any:
    """A WordPiece tokenizer with a vocabulary of our own, Chinese and English."""
    vocabulary = {word: place for place, word in enumerate(_WORDS.split())}
    pieces = load("tokenizers", extra="st").BertWordPieceTokenizer(vocabulary, lowercase=True)
    return transformers().BertTokenizerFast(tokenizer_object=pieces._tokenizer, model_max_length=max_tokens)


def _config(**more: Any) -> Any:
    torch().manual_seed(7)
    return transformers().BertConfig(
        vocab_size=len(_WORDS.split()),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
        # The usual deviation of 0.02 would make all vectors alike.
        initializer_range=0.5,
        **more,
    )


def tiny_body(folder: Path) -> Path:
    """A bare folder of transformers, without the modules of sentence-transformers."""
    transformers().BertModel(_config()).save_pretrained(folder)
    tiny_tokenizer().save_pretrained(folder)
    return folder


def tiny_embedder(folder: Path, *, pooling: str, prompts: dict[str, str]) -> Path:
    """A whole embedder of sentence-transformers, with prompts of its own."""
    library = load("sentence_transformers", extra="st")
    model = library.SentenceTransformer(str(tiny_body(folder / "body")), device="cpu")
    model[1] = type(model[1])(16, pooling)
    model.prompts = prompts
    model.save(str(folder / "whole"), create_model_card=False)
    return folder / "whole"


def tiny_cross_encoder(folder: Path, *, labels: int = 1) -> Path:
    """A cross-encoder as a bare folder of transformers."""
    transformers().BertForSequenceClassification(_config(num_labels=labels)).save_pretrained(folder)
    tiny_tokenizer().save_pretrained(folder)
    return folder
