"""A search tool in memory over a benchmark's passages, ranked by BM25."""

import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tao.toolbox.tool import Passage, ToolResult, ToolSpec

__all__ = ["Article", "Bm25", "WikiSearch", "load_articles"]

_WORD = re.compile(r"\w+")
_TOOL = ToolSpec(
    "wiki__search",
    "Search an encyclopedia; gives the first paragraph of the best articles.",
    {
        "type": "object",
        "properties": {"query": {"type": "string", "description": "A name or a few key words."}},
        "required": ["query"],
    },
    read_only=True,
    idempotent=True,
)


@dataclass(frozen=True, slots=True)
class Article:
    """One passage and its title."""

    id: str
    title: str
    text: str


def load_articles(path: Path) -> list[Article]:
    """The passages of a `corpus.jsonl`."""
    with path.open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return [Article(row["_id"], row["title"], row["text"]) for row in rows]


class Bm25:
    """Ranks texts by their words (Okapi BM25, with k1 and b as Anserini sets them)."""

    def __init__(self, texts: Sequence[str], *, k1: float = 0.9, b: float = 0.4) -> None:
        counted = [Counter(_words(text)) for text in texts]
        lengths = [words.total() for words in counted]
        mean = sum(lengths) / max(1, len(lengths)) or 1.0
        self._weights: dict[str, dict[int, float]] = defaultdict(dict)
        for number, (words, length) in enumerate(zip(counted, lengths, strict=True)):
            for word, count in words.items():
                damped = count + k1 * (1 - b + b * length / mean)
                self._weights[word][number] = count * (k1 + 1) / damped
        for found in self._weights.values():
            rarity = math.log(1 + (len(texts) - len(found) + 0.5) / (len(found) + 0.5))
            for number in found:
                found[number] *= rarity

    def best(self, query: str, most: int) -> list[int]:
        """The numbers of the best texts, at most `most`; those that share no word are left out."""
        scores: Counter[int] = Counter()
        for word in set(_words(query)):
            for number, weight in self._weights.get(word, {}).items():
                scores[number] += weight  # type: ignore[assignment]
        return sorted(scores, key=lambda number: (-scores[number], number))[:most]


class WikiSearch:
    """A toolbox with the one tool `wiki__search(query)`, which gives the `most` best articles."""

    def __init__(self, articles: Sequence[Article], *, most: int = 3) -> None:
        self._articles = articles
        self._most = most
        self._index = Bm25([f"{article.title} {article.text}" for article in articles])
        self.tools: Sequence[ToolSpec] = (_TOOL,)

    def expect(self, name: str) -> None:
        """Nothing needs to be prepared."""

    async def current(self, name: str) -> ToolSpec | None:
        """The tool, under its own name."""
        return _TOOL if name == _TOOL.name else None

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        """Search."""
        if name != _TOOL.name:
            return ToolResult(f"There is no tool {name!r}. Use {_TOOL.name!r}.", is_error=True)
        query = str(arguments.get("query", "")).strip()
        if not query:
            return ToolResult("`query` is empty. Give a name or a few key words.", is_error=True)
        found = [self._articles[number] for number in self._index.best(query, self._most)]
        if not found:
            return ToolResult(f"No article matches {query[:200]!r}. Try other words.")
        passages = tuple(Passage(article.id, article.text, article.title) for article in found)
        lines = [f"[{n}] {article.title}: {article.text}" for n, article in enumerate(found, start=1)]
        return ToolResult("\n".join(lines), passages=passages)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
