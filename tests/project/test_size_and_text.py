"""Small files, small functions, clean text."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

_LINES_OF_A_FILE = 400
_LINES_OF_A_FUNCTION = 50
_ROOTS = ("client", "servers", "prompts", "benchmarks", "examples")
# Each exception on a line of its own, as "path" or "path:function", with the reason.
_EXCEPTIONS: frozenset[str] = frozenset()
_NO_TEXT = {".db", ".docx", ".gif", ".ico", ".jpg", ".pdf", ".png", ".npz", ".sqlite", ".xlsx", ".zip"}


def _sources(repository: Path) -> Iterator[tuple[str, str]]:
    for root in _ROOTS:
        for path in sorted((repository / root).rglob("*.py")):
            yield path.relative_to(repository).as_posix(), path.read_text(encoding="utf-8")


@pytest.fixture
def tracked(repository: Path) -> list[Path]:
    """The files that git tracks and that are there."""
    done = subprocess.run(
        ["git", "ls-files", "-z"], cwd=repository, capture_output=True, timeout=60, check=True
    )
    paths = [repository / name for name in done.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]


def test_no_file_is_long(repository: Path) -> None:
    long = {name: text.count("\n") for name, text in _sources(repository)}
    assert len(long) > 10
    assert {n: count for n, count in long.items() if count > _LINES_OF_A_FILE and n not in _EXCEPTIONS} == {}


def test_no_function_is_long(repository: Path) -> None:
    long = {
        f"{name}:{node.name}": lines
        for name, text in _sources(repository)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > _LINES_OF_A_FUNCTION
        and f"{name}:{node.name}" not in _EXCEPTIONS
    }
    assert long == {}


def test_every_exception_is_still_needed(repository: Path) -> None:
    names = {name for name, _ in _sources(repository)}
    assert {name for name in _EXCEPTIONS if name.partition(":")[0] not in names} == set()


def test_every_file_is_utf_8_text(tracked: list[Path]) -> None:
    wrong = []
    for path in tracked:
        if path.suffix not in _NO_TEXT:
            try:
                path.read_bytes().decode("utf-8")
            except UnicodeDecodeError as exc:
                wrong.append(f"{path}: {exc}")
    assert wrong == []


def test_no_python_file_has_a_tab(tracked: list[Path]) -> None:
    assert [path for path in tracked if path.suffix == ".py" and b"\t" in path.read_bytes()] == []


def test_python_and_markdown_end_with_one_newline(tracked: list[Path]) -> None:
    texts = {path: path.read_bytes() for path in tracked if path.suffix in {".py", ".md"}}
    assert texts
    assert [
        p for p, text in texts.items() if text and (not text.endswith(b"\n") or text.endswith(b"\n\n"))
    ] == []
