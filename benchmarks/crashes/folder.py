"""A folder of small documents that change, each of whose passages says which one it is."""

import csv
import html
import io
import json
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

__all__ = ["PASSAGES", "Folder", "generations", "marks"]

PASSAGES = 24
_MARK = re.compile(r"mark-(\d+)-(\d+)-(\d+)")
_WORDS = (
    *(
        "harbour",
        "winter",
        "lantern",
        "copper",
        "violin",
        "orchard",
        "granite",
        "signal",
        "meadow",
        "compass",
    ),
    *("velvet", "thunder", "anchor", "pepper", "合同", "年假", "皮鞋", "天气", "仓库", "图书馆", "发动机"),
    *("茶叶", "山谷", "医院", "邮局", "桥梁", "报销", "会议", "雨伞", "电池", "花园", "轮船"),
)


def _lines(passages: list[str]) -> str:
    return "\n".join(passages)


def _markdown(passages: list[str]) -> str:
    return "\n\n".join(f"## Section {n}\n\n{passage}" for n, passage in enumerate(passages))


def _html(passages: list[str]) -> str:
    return f"<html><body>{''.join(f'<p>{html.escape(passage)}</p>' for passage in passages)}</body></html>"


def _csv(passages: list[str]) -> str:
    written = io.StringIO()
    csv.writer(written).writerows([["编号", "说明"], *([n, passage] for n, passage in enumerate(passages))])
    return written.getvalue()


def _records(passages: list[str]) -> str:
    return "\n".join(json.dumps({"note": passage}, ensure_ascii=False) for passage in passages)


_KINDS: tuple[tuple[str, str, Callable[[list[str]], str]], ...] = (
    ("txt", "utf-8", _lines),
    ("md", "utf-8", _markdown),
    ("html", "utf-8", _html),
    ("csv", "gb18030", _csv),
    ("jsonl", "utf-8", _records),
)


class Folder:
    """Documents in `path`: `generation` tells how often each has been written; one that is gone has None."""

    def __init__(self, path: Path, chance: random.Random, *, documents: int) -> None:
        self.path = path
        self._chance = chance
        self.generation: dict[int, int | None] = {}
        self._written: dict[int, int] = {}
        path.mkdir(parents=True)
        for document in range(documents):
            self._write(document)

    def change(self) -> None:
        """Write some documents anew, take some away, and bring some others."""
        there = [document for document, generation in self.generation.items() if generation is not None]
        gone = [document for document, generation in self.generation.items() if generation is None]
        for document in self._chance.sample(there, k=len(there) // 3):
            self._write(document)
        for document in self._chance.sample(there, k=min(2, len(there) - 1)):
            self._file(document).unlink()
            self.generation[document] = None
        for document in gone[:2]:
            self._write(document)

    def code(self, document: int) -> str:
        """A word that stands in this form of this document alone."""
        return f"zq{document}x{self.generation[document]}w"

    def _passage(self, document: int, place: int) -> str:
        generation = self.generation[document]
        own = random.Random(f"{document} {generation} {place}")
        words = " ".join(own.choices(_WORDS, k=12))
        return f"{words} {self.code(document)} mark-{document}-{generation}-{place} {own.randint(10, 9999)}元"

    def _file(self, document: int) -> Path:
        return self.path / f"{document:03}.{_KINDS[document % len(_KINDS)][0]}"

    def _write(self, document: int) -> None:
        self._written[document] = self._written.get(document, 0) + 1
        self.generation[document] = self._written[document]
        _, encoding, form = _KINDS[document % len(_KINDS)]
        text = form([self._passage(document, place) for place in range(PASSAGES)])
        self._file(document).write_bytes(text.encode(encoding))


def marks(text: str) -> set[tuple[int, int, int]]:
    """The document, its generation and the place of each passage in `text`."""
    return {
        (int(document), int(generation), int(place)) for document, generation, place in _MARK.findall(text)
    }


def generations(texts: Iterable[tuple[str, str]]) -> tuple[dict[int, int], list[str]]:
    """Which generation of each document is there, of its source and its texts; and the sources not whole."""
    found: dict[str, set[tuple[int, int, int]]] = defaultdict(set)
    for source, text in texts:
        found[source] |= marks(text)
    whole: dict[int, int] = {}
    torn = []
    for source, seen in found.items():
        forms = {(document, generation) for document, generation, _ in seen}
        if len(forms) == 1 and len(seen) == PASSAGES:
            whole |= dict(forms)
        else:
            torn.append(source)
    return whole, torn
