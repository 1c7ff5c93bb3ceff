"""How families of embedders want their texts, as their model cards say."""

import pytest

from tao.models.embeddings.families import family_of, prompts_of

ZH = "为这个句子生成表示以用于检索相关文章："
EN = "Represent this sentence for searching relevant passages: "
INSTRUCT = "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:"


@pytest.mark.parametrize(
    ("name", "query", "passage", "pooling"),
    [
        ("BAAI/bge-small-zh-v1.5", ZH, "", "cls"),
        ("./models/bge-large-zh", ZH, "", "cls"),
        ("models--BAAI--bge-base-zh-v1.5", ZH, "", "cls"),
        ("BAAI/bge-base-en-v1.5", EN, "", "cls"),
        ("BAAI/bge-m3", "", "", "cls"),
        ("intfloat/multilingual-e5-small", "query: ", "passage: ", "mean"),
        ("intfloat/e5-base-v2", "query: ", "passage: ", "mean"),
        ("intfloat/multilingual-e5-large-instruct", f"{INSTRUCT} ", "", "mean"),
        ("thenlper/gte-base", "", "", "mean"),
        ("thenlper/gte-large-zh", "", "", "cls"),
        ("Alibaba-NLP/gte-multilingual-base", "", "", "cls"),
        ("Alibaba-NLP/gte-Qwen2-1.5B-instruct", f"{INSTRUCT} ", "", "lasttoken"),
        ("Qwen/Qwen3-Embedding-0.6B", INSTRUCT, "", "lasttoken"),
        ("nomic-ai/nomic-embed-text-v1.5", "search_query: ", "search_document: ", "mean"),
        ("sentence-transformers/all-MiniLM-L6-v2", "", "", "mean"),
        ("moka-ai/m3e-base", "", "", "mean"),
        ("somebody/ge5-large", "", "", "mean"),
    ],
)
def test_a_family_is_told_by_its_name(name: str, query: str, passage: str, pooling: str) -> None:
    family = family_of(name)
    assert (family.query, family.passage, family.pooling) == (query, passage, pooling)


def test_the_first_name_that_tells_a_family_counts() -> None:
    assert family_of("./weights", None, "BAAI/bge-small-zh-v1.5").query == ZH


def test_a_models_own_prompts_come_before_those_of_its_family() -> None:
    family = family_of("intfloat/multilingual-e5-small")
    assert prompts_of({"query": "Q: ", "document": "D: "}, family) == ("Q: ", "D: ")
    assert prompts_of({"query": "Q: ", "document": ""}, family) == ("Q: ", "")
    assert prompts_of({"retrieval.query": "Q: ", "retrieval.passage": "P: "}, family) == ("Q: ", "P: ")


def test_empty_prompts_are_none() -> None:
    family = family_of("intfloat/multilingual-e5-small")
    assert prompts_of({"query": "", "document": ""}, family) == ("query: ", "passage: ")
    assert prompts_of({"query": None, "document": None}, family) == ("query: ", "passage: ")
    assert prompts_of({}, family) == ("query: ", "passage: ")
