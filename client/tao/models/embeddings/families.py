"""How families of embedders want their texts, for models that do not say it themselves.

Taken from the model cards: BAAI/bge-*, intfloat/*e5*, thenlper/gte-*, Alibaba-NLP/gte-*,
Qwen/Qwen3-Embedding, nomic-ai/nomic-embed-text, mixedbread-ai/mxbai-embed-large-v1,
Snowflake/snowflake-arctic-embed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Family", "family_of", "prompts_of"]

_BGE_ZH = "为这个句子生成表示以用于检索相关文章："
_BGE_EN = "Represent this sentence for searching relevant passages: "
_INSTRUCT = "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery: "

_QUERY_NAMES = ("query", "retrieval.query", "s2p_query", "search_query")
_PASSAGE_NAMES = ("document", "passage", "corpus", "retrieval.passage", "search_document")


@dataclass(frozen=True, slots=True)
class Family:
    """What stands before a query and before a passage, and how a folder without modules is pooled."""

    query: str = ""
    passage: str = ""
    pooling: str = "mean"


# The first that is found in the name counts.
_FAMILIES = (
    (r"bge-(small|base|large)-zh", Family(query=_BGE_ZH, pooling="cls")),
    (r"bge-(small|base|large)-en", Family(query=_BGE_EN, pooling="cls")),
    (r"bge-m3", Family(pooling="cls")),
    (r"e5-mistral", Family(query=_INSTRUCT, pooling="lasttoken")),
    (r"e5-(small|base|large)-instruct", Family(query=_INSTRUCT)),
    (r"e5-(small|base|large)", Family(query="query: ", passage="passage: ")),
    (r"gte-qwen", Family(query=_INSTRUCT, pooling="lasttoken")),
    (r"qwen3-embedding", Family(query=_INSTRUCT.rstrip(" "), pooling="lasttoken")),
    (r"gte-((small|base|large)-zh|multilingual|(base|large)-en-v1\.5)", Family(pooling="cls")),
    (r"nomic-embed-text", Family(query="search_query: ", passage="search_document: ")),
    (r"mxbai-embed-large", Family(query=_BGE_EN, pooling="cls")),
    (r"snowflake-arctic-embed-[a-z]-v2", Family(query="query: ", pooling="cls")),
    (r"snowflake-arctic-embed", Family(query=_BGE_EN, pooling="cls")),
)


def family_of(*names: object) -> Family:
    """The family that one of a model's names tells; a plain one by default."""
    for name in names:
        for pattern, family in _FAMILIES:
            if isinstance(name, str) and re.search(rf"(?:^|[^a-z]){pattern}", name.casefold()):
                return family
    return Family()


def prompts_of(own: Mapping[str, str | None], family: Family) -> tuple[str, str]:
    """What stands before a query and before a passage: the model's own prompts, else its family's."""
    query = next((own[name] for name in _QUERY_NAMES if own.get(name)), None)
    passage = next((own[name] for name in _PASSAGE_NAMES if own.get(name)), None)
    if query is None and passage is None:
        return family.query, family.passage
    return query or "", passage or ""
