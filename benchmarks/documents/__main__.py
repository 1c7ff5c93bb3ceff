"""How much of real files is read, how fast, and in how much memory.

`python -m benchmarks.documents --data DIR [--limit N] [--no-ocr] [--json]`. `DIR/manifest.jsonl` names the
files in `DIR/files`, one JSON object a line: `file`, `format`, `probes` (strings that another program
extracted from it), `problem`, `reference_extractor`. Each file is read in a process of its own. A probe is
found strictly when it stands in the text, any white space being one space; loosely when it does so
without white space, hyphens and the marks of Markdown; in pieces when both halves of it do. Probes that
were extracted in the layout of a page have the lines of two columns joined, and those of some web pages
spaces round every link: neither is what a person reads, and both are counted as missed in the first share.
"""

import json
import subprocess
import sys
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from benchmarks.documents.probes import look


@click.command()
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True, help="Folder of files.")
@click.option("--limit", type=click.IntRange(min=1), help="Read only so many files.")
@click.option("--no-ocr", is_flag=True, help="Read no pictures, even where that extra is installed.")
@click.option("--timeout", default=600, show_default=True, help="Seconds for one file.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on the last line.")
def main(data: Path, limit: int | None, no_ocr: bool, timeout: int, as_json: bool) -> None:
    """Read files and look for what they are known to hold."""
    lines = (data / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in lines if line.strip()][:limit]
    rows = []
    for entry in entries:
        row = _row(entry, _read(data / "files" / entry["file"], no_ocr=no_ocr, timeout=timeout))
        click.echo(_line(row), err=True)
        for probe in row["missed"]:
            click.echo(f"    missed{_how(row, probe)}: {probe[:120]!r}", err=True)
        rows.append(row)
    found = _summary(rows)
    if as_json:
        click.echo(json.dumps(found | {"files": rows}, ensure_ascii=False))
    else:
        for key, value in found.items():
            click.echo(f"{key}: {value}")


def _how(row: dict[str, Any], probe: str) -> str:
    if probe not in row["missed_loosely"]:
        return " (found loosely)"
    return "" if probe in row["missed_in_pieces"] else " (found in two pieces)"


def _read(path: Path, *, no_ocr: bool, timeout: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.documents.one", str(path), *(["--no-ocr"] if no_ocr else [])]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=True)
        result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired:
        return {"failed": f"not read within {timeout} s"}
    except subprocess.CalledProcessError as exc:
        return {"failed": exc.stderr.strip().rpartition("\n")[2] or f"exit code {exc.returncode}"}
    return result


def _row(entry: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    found = look(result.pop("text", ""), entry["probes"])
    known = {key: entry[key] for key in ("file", "format", "problem", "reference_extractor")}
    counted = asdict(found)
    rounded = {key: round(value, 2) for key, value in result.items() if isinstance(value, float)}
    return known | result | rounded | counted


def _line(row: dict[str, Any]) -> str:
    outcome = row.get("failed") or row.get("refused") or "indexed"
    share = f"{row['probes'] - len(row['missed'])}/{row['probes']}"
    costs = f"{row.get('seconds', 0):6.2f} s {row.get('peak_mb', 0):5.0f} MB"
    return f"{row['file']:62.62} {share:>5} {costs}  {outcome}"


def _summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[row["format"]].append(row)
    return {
        "indexed": sum("refused" not in row and "failed" not in row for row in rows),
        "refused": {row["file"]: row["refused"] for row in rows if "refused" in row},
        "failed": {row["file"]: row["failed"] for row in rows if "failed" in row},
        "probes_found": _share(rows, "missed"),
        "probes_found_loosely": _share(rows, "missed_loosely"),
        "probes_found_in_pieces": _share(rows, "missed_in_pieces"),
        "by_format": {
            name: {
                "files": len(group),
                "strict": _share(group, "missed"),
                "loose": _share(group, "missed_loosely"),
            }
            for name, group in sorted(groups.items())
        },
        "seconds": round(sum(row.get("seconds", 0) for row in rows), 1),
        "peak_mb": max((row.get("peak_mb", 0) for row in rows), default=0),
    }


def _share(rows: list[dict[str, Any]], key: str) -> dict[str, Any]:
    probes = sum(row["probes"] for row in rows)
    found = probes - sum(len(row[key]) for row in rows)
    return {"found": found, "of": probes, "share": round(found / probes, 3) if probes else None}


if __name__ == "__main__":
    main()
