"""Whether it pays to let the model decide when to retrieve, beside retrieving always and never.

`python -m benchmarks.when_to_retrieve --data DIR [--limit 10] [--model local] [--modes decide,always,never]
[--no-cache] [--logs DIR] [--json]`. DIR holds the retrieval sets. The collection is 120 passages of
cmrc2018_zh and hotpotqa_en beside the example price list; asked are, in Chinese and in English, `limit`
questions each that it answers (`answerable`), that need no document (`no_need`, in no_need.toml), and that it
has nothing about (`absent`, of xquad).

`decide` is Tao's agent with its four servers and its own prompts (Self-RAG, arXiv 2310.11511, as a loop over
tools); `always` one request with what the same search tool finds for the question, in the prompt
knowledge/answer; `never` one request alone. Replies are kept on disk, so that a run that was ended goes on
where it was.

The last line is JSON. `well` is the share of questions answered right, or, when they are absent, said not to
be found. Of each kind: `right` (a right answer stands in it word for word), `not_found` and `wrong`; `f1` by
words, of which a Chinese character is one; whether and how often it was searched; the mean tokens read and
written, and the mean seconds of the model.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import anyio
import click

from benchmarks.when_to_retrieve.modes import MODES, Bench, attempt
from benchmarks.when_to_retrieve.opening import ingest, opened
from benchmarks.when_to_retrieve.outcomes import Outcome, judged, report
from benchmarks.when_to_retrieve.questions import MOST, Question, passages, questions
from tao.agent import named_model
from tao.errors import TaoError
from tao.settings import load_settings

# A question, with the embedded model on two cores of its own.
_SECONDS = {"decide": 25, "always": 12, "never": 2}


async def measure(
    modes: Sequence[str], asked: Sequence[Question], bench: Bench, say: Callable[[str], None]
) -> dict[str, list[Outcome]]:
    """Every mode on every question, one mode after another, since each has a prefix of its own."""
    outcomes: dict[str, list[Outcome]] = {}
    for mode in modes:
        outcomes[mode] = []
        for number, question in enumerate(asked, start=1):
            done = judged(question, await attempt(mode, question, bench))
            outcomes[mode].append(done)
            say(f"{mode} {number}/{len(asked)} {_told(done)}")
    return outcomes


def _told(done: Outcome) -> str:
    question, tried = done.question, done.attempt
    lines = [f"{question.kind}: {question.text} [{' | '.join(question.gold)}]"]
    lines += [f"searched: {one.query!r}{' (evidence)' if one.evidence else ''}" for one in tried.retrievals]
    lines += [f"called: {name}" for name in tried.other_calls]
    cost = f"{tried.tokens} tokens, {tried.seconds:.0f} s, {tried.stop_reason}"
    return "\n    ".join([*lines, f"{done.verdict}: {tried.text!r} ({cost})"])


def _table(modes: Mapping[str, Any]) -> str:
    lines = ["mode    kind          n  right  not found  wrong  searched  times  tokens  seconds"]
    for mode, found in modes.items():
        for kind, one in found["kinds"].items():
            shares = f"{one['right']:5.2f}  {one['not_found']:9.2f}  {one['wrong']:5.2f}"
            searches = f"{one['retrieved']:8.2f}  {one['retrievals']:5.2f}"
            costs = f"{one['tokens']:6.0f}  {one['seconds']:7.1f}"
            lines.append(f"{mode:7} {kind:10} {one['n']:4}  {shares}  {searches}  {costs}")
        low, high = found["well_interval"]
        lines.append(f"{mode:7} well: {found['well']:.2f} ({low:.2f} to {high:.2f})")
    return "\n".join(lines)


def _names(value: str) -> list[str]:
    names = [name for name in value.split(",") if name]
    if unknown := [name for name in names if name not in MODES]:
        raise click.BadParameter(f"no mode {unknown[0]!r}; there are {', '.join(MODES)}")
    return names


@click.command()
@click.option("--data", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--limit", type=click.IntRange(1, MOST), default=10, show_default=True, help="Of a kind and language."
)
@click.option("--model", "name", default="local", show_default=True, help="Embedded, or of the endpoint.")
@click.option("--modes", "names", default=",".join(MODES), show_default=True)
@click.option("--no-cache", is_flag=True, help="Ask the model anew, and keep nothing.")
@click.option("--logs", type=click.Path(file_okay=False, path_type=Path), help="Keep the run logs there.")
@click.option("--json", "as_json", is_flag=True, help="No table, only the JSON object.")
def main(
    data: Path, limit: int, name: str, names: str, no_cache: bool, logs: Path | None, as_json: bool
) -> None:
    """Compare deciding when to retrieve with retrieving always and never."""
    modes = _names(names)
    asked = questions(data, limit)
    seconds = len(asked) * sum(_SECONDS[mode] for mode in modes)
    _say(f"{len(asked)} questions, {len(modes)} modes; the embedded model takes about {seconds / 60:.0f} min")

    async def work(folder: Path, config: Path) -> dict[str, list[Outcome]]:
        settings = named_model(load_settings(), name)
        async with opened(
            settings, config, kept=not no_cache, logs=logs or folder / "runs", say=_say
        ) as bench:
            return await measure(modes, asked, bench, _say)

    try:
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            outcomes = anyio.run(work, folder, ingest(passages(data), folder))
    except TaoError as exc:
        raise click.ClickException(str(exc)) from exc
    figures = report(outcomes)
    if not as_json:
        print(_table(figures))
    print(json.dumps({"model": name, "limit": limit, "modes": figures}, ensure_ascii=False))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
