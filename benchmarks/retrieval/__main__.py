"""How well passages are found through the tool, over stdio, by default and by each part of the search.

`python -m benchmarks.retrieval --data DIR [--sets LIST] [--limit N] [--peers none|all|LIST] [--ablate]
[--near-misses] [--reranker NAME] [--cache DIR] [--json]`. DIR holds sets in BEIR form. Each corpus is taken
in by `tao-knowledge ingest` with nothing set; the server is then asked each question with `top_k` 20, with
one leg of the search, with both fused, and as it is by default. Passages count for the records they are from,
each at its best rank. Beside it stand a plain BM25 and knowledge-rag. `refusal` tells how many questions got
no passage: those of other sets, which nothing here answers, and the set's own; with `--near-misses` also the
set's own where what is relevant to them was left out of the corpus. The collections are kept in `--cache`,
by corpus and settings: empty it when the way in which documents are taken in has changed.
"""

import json
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from benchmarks.retrieval.beside import PEERS, Peers
from benchmarks.retrieval.figures import together
from benchmarks.retrieval.measuring import Wishes, measure
from benchmarks.retrieval.sets import left_out, read_sets
from benchmarks.retrieval.taking_in import BenchmarkError
from tao_servers.knowledge.evaluating.dataset import DatasetError


@click.command(help=__doc__)
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--sets", "chosen", help="Names parted by commas; default: all.")
@click.option("--limit", type=click.IntRange(min=1), help="Questions of each set.")
@click.option("--peers", default="all", show_default=True, help="none, all, or names parted by commas.")
@click.option("--ablate", is_flag=True, help="Also the default less each stage.")
@click.option("--near-misses", is_flag=True, help="Also what is refused once the answers are left out.")
@click.option("--reranker", envvar="TAO_KNOWLEDGE_RERANKER", help="Also with this reranker.")
@click.option("--reranker-url", envvar="TAO_KNOWLEDGE_RERANKER_URL", help="Where it is served.")
@click.option("--cache", type=click.Path(file_okay=False, path_type=Path), help="Where collections are kept.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object alone.")
def main(
    data: Path,
    chosen: str | None,
    limit: int | None,
    peers: str,
    ablate: bool,
    near_misses: bool,
    reranker: str | None,
    reranker_url: str | None,
    cache: Path | None,
    as_json: bool,
) -> None:
    try:
        sets = read_sets(data)
    except DatasetError as exc:
        raise click.ClickException(str(exc)) from exc
    if skipped := left_out(data):
        click.echo(f"No retrieval sets, left out: {', '.join(skipped)}.", err=True)
    names = _chosen(chosen, list(sets), "set", "--sets")
    beside = Peers([] if peers == "none" else _chosen(None if peers == "all" else peers, list(PEERS), "peer"))
    variables = {"TAO_KNOWLEDGE_RERANKER": reranker, "TAO_KNOWLEDGE_RERANKER_URL": reranker_url}
    with ExitStack() as stack:
        folder = cache or Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        named = {name: value for name, value in variables.items() if value and reranker}
        wishes = Wishes(folder, limit, ablate, near_misses, named)
        try:
            measured = {name: measure(name, sets, wishes, beside) for name in names}
        except (BenchmarkError, DatasetError) as exc:
            raise click.ClickException(str(exc)) from exc
    report = {
        "sets": {name: one.figures for name, one in measured.items()},
        "refusal": _refusal({name: one.refusal for name, one in measured.items()}),
        "peers": beside.said,
    }
    if not as_json:
        for name, one in measured.items():
            click.echo(f"{name:28} {one.figures['ndcg10']} p50 {one.figures['p50_ms']} ms")
    click.echo(json.dumps(report, ensure_ascii=False))


def _chosen(wanted: str | None, there: list[str], what: str, option: str = "--peers") -> list[str]:
    names = there if wanted is None else wanted.split(",")
    if unknown := [name for name in names if name not in there]:
        raise click.BadParameter(
            f"no {what} is called {unknown[0]!r}; there are {', '.join(there)}", param_hint=option
        )
    if not names:
        raise click.BadParameter(f"there is no {what}", param_hint=option)
    return names


def _refusal(sets: dict[str, Any]) -> dict[str, Any]:
    kinds = ("out_of_corpus", "answerable", "near_misses")
    return {
        kind: together(one[kind] for one in sets.values())
        for kind in kinds
        if all(kind in one for one in sets.values())
    } | {"sets": sets}


if __name__ == "__main__":
    main()
