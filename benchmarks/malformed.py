"""How replies that leave the form are read: by Tao's rules, and beside the parsers of other projects.

`python -m benchmarks.malformed --data DIR [--limit N] [--peers none|all|NAMES] [--json]`. `DIR` holds a
folder for each set, with its `cases.jsonl`. The last line is JSON; all figures are counts:
`recovered` cases were read as docs/reading-rules.md says, `crashes` raised something, `believed_inventions`
took over words of an observation that the model had made up.
"""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from benchmarks.malformed_expectations import (
    Expected,
    Said,
    believes,
    expected_of_output,
    expected_of_unit,
    meets,
)
from benchmarks.peers.environment import PeerError, ask, python_of
from tao.dialects.reading import load_json, load_object, read_reply
from tao.toolbox.tool import ToolSpec

_SETS = ("react_unit", "react_real_outputs", "json_repair")
_SCRIPTS = Path(__file__).parent / "peers"
# Pinned, so that a figure can be had again.
_PEERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "langchain": ("langchain_react.py", ("langchain-classic==1.0.8",)),
    "qwen-agent": (
        "qwen_agent_react.py",
        # What it imports without declaring it is listed after it.
        ("qwen-agent==0.0.34", "numpy", "soundfile", "python-dateutil", "tqdm", "jsonschema", "jinja2"),
    ),
}

Case = tuple[str, str, Expected, tuple[str, ...]]


def load(folder: Path, name: str, limit: int | None) -> list[dict[str, Any]]:
    """The cases of one set."""
    path = folder / name / "cases.jsonl"
    if not path.is_file():
        raise click.UsageError(f"There is no {path.name} in {path.parent}.")
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file][:limit]


def cases_of(name: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[Case]:
    """Each case as its kind, its text, what is expected, and the tools on offer."""
    for row in rows:
        if name == "json_repair":
            yield "json", row["text"], Expected("json", arguments=row["expected_json"]), ()
        elif name == "react_real_outputs":
            tools = (row["user_tool"], *row["attacker_tools"])
            yield "react", row["text"], expected_of_output(row["text"], tools), tools
        else:
            expected = expected_of_unit(row["text"], row["expect"])
            kind = "object" if expected.kind == "json" else "react"
            yield kind, row["text"], expected, ()


def unit_tools(cases: Iterable[Case]) -> list[ToolSpec]:
    """One tool for each name that the set expects: a required `input`, and whatever else it is given."""
    given: dict[str, dict[str, Any]] = {}
    for _, _, expected, _ in cases:
        if expected.kind != "action":
            continue
        properties = given.setdefault(expected.tool, {"input": {"type": "string"}})
        if isinstance(expected.arguments, list):
            properties["input"] = {"type": "array"}
        found = expected.arguments
        if isinstance(found, str) and found.startswith("{"):
            found = load_object(found)
        properties.update({key: {} for key in found} if isinstance(found, dict) else {})
    return [
        ToolSpec(name, "", {"type": "object", "properties": properties, "required": ["input"]})
        for name, properties in given.items()
    ]


def ours(kind: str, text: str, tools: Sequence[ToolSpec]) -> Said:
    """What Tao reads."""
    try:
        if kind == "json":
            return Said(value=load_json(text))
        if kind == "object":
            return Said(value=load_object(text))
        read = read_reply(text, tools, first="labels")
    except Exception as exc:  # a crash is what this counts
        return Said(crash=f"{type(exc).__name__}: {exc}")
    call = read.calls[0] if read.calls else None
    if call is None:
        return Said(answer=read.answer, thought=read.thought)
    return Said(call.tool, dict(call.arguments), thought=read.thought)


def specs(names: Sequence[str]) -> list[ToolSpec]:
    """Tools of which only the names are known; each takes a text."""
    schema = {"type": "object", "properties": {"input": {"type": "string"}}}
    return [ToolSpec(name, "", schema) for name in names]


def count(cases: Sequence[Case], said: Sequence[Said]) -> dict[str, int]:
    """The counts of one reader on one set."""
    return {
        "recovered": sum(meets(case[2], one, case[3]) for case, one in zip(cases, said, strict=True)),
        "crashes": sum(one.crash is not None for one in said),
        "believed_inventions": sum(
            case[0] == "react" and believes(one, case[1]) for case, one in zip(cases, said, strict=True)
        ),
    }


def peer_counts(name: str, cases: Sequence[Case]) -> dict[str, Any]:
    """The counts of a peer on one set, or why there are none."""
    script, requirements = _PEERS[name]
    asked = [{"kind": "react" if case[0] == "react" else "json", "text": case[1]} for case in cases]
    try:
        replies = list(ask(python_of(name, requirements), _SCRIPTS / script, asked))
    except PeerError as exc:
        return {"not_run": str(exc)}
    said = [
        Said(
            reply.get("tool"),
            reply.get("input"),
            reply.get("answer"),
            reply.get("value"),
            crash=reply.get("crash"),
        )
        for reply in replies
    ]
    return count(cases, said)


def measure(
    name: str, rows: Sequence[Mapping[str, Any]], peers: Sequence[str], show: Callable[[str], None]
) -> Any:
    """The counts of one set."""
    cases = list(cases_of(name, rows))
    shared = unit_tools(cases)
    said = [ours(kind, text, specs(tools) if tools else shared) for kind, text, _, tools in cases]
    for row, case, one in zip(rows, cases, said, strict=True):
        if not meets(case[2], one, case[3]) or (case[0] == "react" and believes(one, case[1])):
            show(f"{name} {row['id']}: expected {case[2]}, read {one}")
    by_rule = sum(case[2].rule is not None for case in cases)
    others = {peer: peer_counts(peer, cases) for peer in peers}
    return {"cases": len(cases), **count(cases, said), "by_our_rule": by_rule, "peers": others}


@click.command(help=__doc__)
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--limit", type=click.IntRange(min=1), help="At most so many cases of each set.")
@click.option("--peers", default="none", show_default=True, help="none, all, or names parted by commas.")
@click.option("--misses", is_flag=True, help="Show what was read otherwise, on stderr.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object alone.")
def main(data: Path, limit: int | None, peers: str, misses: bool, as_json: bool) -> None:
    names = list(_PEERS) if peers == "all" else [] if peers == "none" else peers.split(",")
    unknown = [name for name in names if name not in _PEERS]
    if unknown:
        raise click.UsageError(f"No peer is called {unknown[0]!r}. There are {', '.join(_PEERS)}.")

    def show(line: str) -> None:
        if misses:
            print(line[:600], file=sys.stderr)

    found = {name: measure(name, load(data, name, limit), names, show) for name in _SETS}
    if not as_json:
        for name, counts in found.items():
            print(f"{name}: {counts['recovered']} of {counts['cases']}, {counts['crashes']} crashes")
    print(json.dumps({"sets": found}))


if __name__ == "__main__":
    main()
