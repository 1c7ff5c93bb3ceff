"""Reads what the conformance suite found, and compares it with what is expected to fail."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Findings", "compare", "expected_failures", "read_findings"]

_EXPECTED = Path(__file__).with_name("expected_failures.toml")
_FOLDER = re.compile(r"(?P<scenario>.+)-\d{4}-\d\d-\d\dT[\d-]+Z")


@dataclass(frozen=True)
class Findings:
    """How many checks passed, and which failed, as `scenario:check` with what the suite said."""

    passed: int
    failed: Mapping[str, str]


def read_findings(results: Path, prefix: str) -> Findings:
    """Read a folder of results; each of its folders is named after a scenario, with `prefix` before it."""
    passed, failed = 0, {}
    for path in sorted(results.glob("**/checks.json")):
        match = _FOLDER.fullmatch(path.parent.relative_to(results).as_posix().removeprefix(prefix))
        assert match, path
        for check in json.loads(path.read_text(encoding="utf-8")):
            passed += check["status"] == "SUCCESS"
            if check["status"] == "FAILURE":
                failed[f"{match['scenario']}:{check['id']}"] = str(check.get("errorMessage", ""))
    return Findings(passed, failed)


def expected_failures(*subjects: str, revision: str) -> dict[str, str]:
    """The reasons for a subject, under any of its names, by `scenario` or `scenario:check`."""
    groups = tomllib.loads(_EXPECTED.read_text(encoding="utf-8"))["group"]
    wanted = [
        group
        for group in groups
        if not {*subjects}.isdisjoint(group["subjects"]) and revision in group["revisions"]
    ]
    return {key: group["reason"] for group in wanted for key in group["failures"]}


def compare(findings: Findings, expected: Mapping[str, str]) -> list[str]:
    """What is not as expected, a line each; none if all is."""
    return [*_new(findings, expected), *_gone(findings, expected)]


def _new(findings: Findings, expected: Mapping[str, str]) -> Iterator[str]:
    for key, said in findings.failed.items():
        if key not in expected and key.partition(":")[0] not in expected:
            yield f"new failure: {key}: {said}"


def _gone(findings: Findings, expected: Mapping[str, str]) -> Iterator[str]:
    known = findings.failed.keys() | {key.partition(":")[0] for key in findings.failed}
    for key in expected:
        if key not in known:
            yield f"passes, take it out of the expected failures: {key}"
