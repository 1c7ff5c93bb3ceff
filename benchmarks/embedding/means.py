"""Derives the mean vectors by which `bundled-large` centres the texts of a language.

`python -m benchmarks.embedding.means --data DIR [--passages 100] [--queries 200]`, where DIR holds retrieval
sets in BEIR form. A language's mean is the mean of four: those of the passages and of the queries of two
sets, Chinese of cmrc2018_zh and drcd_zh_hant (Simplified and Traditional), English of scifact_en and
xquad_en. The sets by which embedders are judged (`python -m benchmarks.embedding`) are others, but for the
English xquad, whose passages stand in xquad_zh_query_en_corpus. What is written to the package are 384
numbers a language, and no text.
"""

import sys
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from benchmarks.embedding.beir import read_texts
from tao.models.embeddings.e5 import E5Embedder
from tao.models.embeddings.protocol import Kind

_SETS = {"zh": ("cmrc2018_zh", "drcd_zh_hant"), "en": ("scifact_en", "xquad_en")}
_FILE = Path(__file__).parents[2] / "client" / "tao" / "models" / "embeddings" / "e5_means.npz"


@click.command()
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--passages", type=click.IntRange(1), default=100, help="Of each set.")
@click.option("--queries", type=click.IntRange(1), default=200, help="Of each set.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), default=_FILE, show_default=True)
def main(data: Path, passages: int, queries: int, out: Path) -> None:
    """Derive the means and write them to the package."""
    embedder = E5Embedder()
    kinds: tuple[tuple[str, Kind, int], ...] = (
        ("corpus", "passage", passages),
        ("queries", "query", queries),
    )
    means = {
        language: np.mean(
            [
                _mean(embedder, data / name / f"{file}.jsonl", kind, limit)
                for name in names
                for file, kind, limit in kinds
            ],
            axis=0,
        )
        for language, names in _SETS.items()
    }
    np.savez(out, zh=means["zh"], en=means["en"])
    print(f"Written to {out}", file=sys.stderr)


def _mean(embedder: E5Embedder, path: Path, kind: Kind, limit: int) -> NDArray[np.float32]:
    texts = list(read_texts(path, limit).values())
    total = np.zeros(embedder.dimension, dtype=np.float64)
    for start in range(0, len(texts), 16):
        total += embedder.embed_raw(texts[start : start + 16], kind=kind).sum(axis=0)
        print(f"{path}: {start + 16} of {len(texts)}", file=sys.stderr)
    mean: NDArray[np.float32] = (total / len(texts)).astype(np.float32)
    return mean


if __name__ == "__main__":
    main()
